package control

import (
	"context"
	"encoding/json"

	"berth"
)

// groupKey is the key of the one object that says what Azure's clients said of a site.
const groupKey = "group"

// SiteSaid returns what Azure's clients said of a site as a resource group: a JSON object, nil when they said nothing.
func (s *Service) SiteSaid(ctx context.Context, site string) (document json.RawMessage, err error) {
	err = s.view(ctx, site, func(w *work) error {
		said, err := berth.LoadOr(w, berth.Applied, w.ref(berth.ObjectGroup, groupKey), berth.AzureResource{})
		document = said.Document
		return err
	})
	return document, err
}

// DescribeSite keeps what a client says of a site as a resource group. It is applied at once; hosts have no part in it.
func (s *Service) DescribeSite(ctx context.Context, site string, document json.RawMessage) error {
	return s.update(ctx, site, func(w *work) error {
		w.now = true
		t := target{ref: w.ref(berth.ObjectGroup, groupKey), name: w.site.Name, action: "put resource group"}
		return edit(w, t, func(doc *berth.AzureResource, is state) (keep, error) {
			if !is.exists {
				doc.CreatedAt, doc.CreatedBy, doc.CreatedByType = w.at, w.who.Name, azureKind(w.who)
			}
			doc.Document = document
			doc.ModifiedAt, doc.ModifiedBy, doc.ModifiedByType = w.at, w.who.Name, azureKind(w.who)
			return kept, nil
		})
	})
}
