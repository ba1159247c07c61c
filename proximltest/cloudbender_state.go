package proximltest

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// UnmarshalJSON reads an asset of a saved state.
func (a *asset) UnmarshalJSON(text []byte) error {
	type fields asset
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	kind, known := assetKinds[head.Kind]
	if !known {
		return fmt.Errorf("there is no kind %q", head.Kind)
	}
	a.Shown = kind.blank("")
	return json.Unmarshal(text, (*fields)(a))
}

// checkAssets tells what does not belong together of the part of a document that is CloudBender's.
func (doc *document) checkAssets(emails map[string]bool) (errs []error) {
	assets := map[string]*asset{}
	for _, a := range doc.Assets {
		assets[a.ID] = a
	}
	for _, a := range doc.Assets {
		parent := assets[a.Parent]
		belongs := a.Kind == kindProvider
		if parent != nil {
			belongs = parent.Owner == a.Owner && (parent.Kind == kindRegion || parent.Kind == kindProvider && a.Kind == kindRegion)
		}
		if !belongs || !emails[a.Owner] || a.Shown == nil {
			errs = append(errs, fmt.Errorf("the state has %s %s but not its owner %s, what it is in or what it is like", a.Kind, a.ID, a.Owner))
		}
	}
	for _, p := range doc.Projects {
		for _, r := range p.Resources {
			if assets[r.ID] == nil {
				errs = append(errs, fmt.Errorf("the state has project %s but not its resource %s", p.ID, r.ID))
			}
		}
	}
	return errs
}
