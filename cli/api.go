package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) apiCommand() *cobra.Command {
	var data string
	c := p.command(verb{use: "api METHOD PATH", short: "Send a raw request to the server's API",
		long:    "Send a request to a path of the server, signed in as you are, and write the answer to standard output as it comes.",
		example: "  berth api GET /api/v1/sites\n  berth api POST /api/v1/sites/main/changes/apply --data '{}'\n  berth api PATCH /api/v1/sites/main/settings --data @settings.json",
		args:    cobra.ExactArgs(2), run: func(ctx context.Context, args []string) error {
			if !strings.HasPrefix(args[1], "/") {
				return usage("path", "begin the path with a slash: /api/v1/sites", "%q is no path", args[1])
			}
			body, err := p.body(data)
			if err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			resp, err := c.Raw(ctx, strings.ToUpper(args[0]), args[1], body)
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			if resp.StatusCode/100 != 2 {
				return answered(resp)
			}
			_, err = io.Copy(p.Out, resp.Body)
			return err
		}})
	c.Flags().StringVarP(&data, "data", "d", "", "`JSON` to send; @FILE reads it from a file, @- from standard input")
	return c
}

// body returns what --data means; nil when it was not given.
func (p *program) body(data string) (io.Reader, error) {
	name, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "":
		return nil, nil
	case data == "@-":
		return p.In, nil
	case !isFile:
		return strings.NewReader(data), nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, usage("data", "", "--data %s: %w", data, reason(err))
	}
	return bytes.NewReader(b), nil
}

// answered makes an error of an answer that is none of success, in the server's own words where it has any.
func answered(resp *http.Response) error {
	var problem wire.Problem
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && json.Unmarshal(b, &problem) == nil && problem.Detail != "" {
		return &berth.Error{Kind: kindOf(resp.StatusCode), Message: problem.Detail, Code: problem.Code, Field: problem.Field, Remedy: problem.Remedy}
	}
	return berth.Errorf(kindOf(resp.StatusCode), "the server answered %s: %s", resp.Status, strings.TrimSpace(string(b)))
}

// kindOf reads the kind of a failure from a status of HTTP, for answers of any of the server's interfaces.
func kindOf(status int) berth.Kind {
	switch status {
	case http.StatusNotFound:
		return berth.NotFound
	case http.StatusConflict:
		return berth.Conflict
	case http.StatusForbidden:
		return berth.Forbidden
	case http.StatusUnauthorized:
		return berth.Unauthenticated
	case http.StatusPreconditionFailed:
		return berth.Precondition
	case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		return berth.Unavailable
	case http.StatusInternalServerError:
		return berth.Internal
	}
	return berth.Invalid
}

// versionView is what `berth version -o json` tells.
type versionView struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Protocol int    `json:"protocol"` // of agents
}

func (p *program) versionCommand() *cobra.Command {
	return p.command(verb{use: "version", short: "Show the version of this program", example: "  berth version -o json",
		run: func(context.Context, []string) error {
			v := versionView{p.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, wire.Protocol}
			return p.show(result{value: v, names: []string{v.Version}, table: func(t *table) {
				t.fact("Berth", v.Version)
				t.fact("Go", v.Go)
				t.fact("System", v.OS+"/"+v.Arch)
			}})
		}})
}
