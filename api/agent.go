package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"berth"
	"berth/wire"
)

// agentRoutes adds the endpoints of agents: enrolment by key, everything else by the host's certificate alone.
func (a *API) agentRoutes() {
	a.mux.HandleFunc("POST "+wire.PathEnroll, a.enroll)
	a.mux.HandleFunc("POST "+wire.PathSync, a.sync)
}

func (a *API) enroll(w http.ResponseWriter, r *http.Request) {
	var in wire.EnrollRequest
	if !a.read(w, r, &in) {
		return
	}
	out, err := a.Service.Enroll(r.Context(), in)
	a.answer(w, out, err)
}

func (a *API) sync(w http.ResponseWriter, r *http.Request) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		a.answer(w, nil, berth.Errorf(berth.Unauthenticated, "the request came without a host certificate").
			With("enrol the host: `berth agent enroll`"))
		return
	}
	cert := r.TLS.PeerCertificates[0]
	id, err := a.HostID(cert)
	if err != nil {
		a.answer(w, nil, err)
		return
	}
	var in wire.SyncRequest
	if !a.read(w, r, &in) {
		return
	}
	out, err := a.Service.Sync(r.Context(), id, cert.SerialNumber.Text(16), in)
	a.answer(w, out, err)
}

func (a *API) read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(r.Body).Decode(into)
	if err == nil {
		return true
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = berth.Errorf(berth.Invalid, "the request is larger than %d bytes", mostBody)
	} else {
		err = berth.Errorf(berth.Invalid, "the request is no JSON that fits: %v", err)
	}
	a.answer(w, nil, err)
	return false
}

func (a *API) answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		p := Problem(a.Log, err)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		out = p
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		a.Log.Debug("answer not delivered", "error", err)
	}
}
