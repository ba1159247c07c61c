package proximltest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// documentVersion changes when a document of an older version cannot be read any more.
const documentVersion = 1

// document is the whole state of a service.
type document struct {
	Version     int           `json:"version"`
	Time        timestamp     `json:"time"`
	Accounts    []*account    `json:"accounts"`
	Projects    []*project    `json:"projects"`
	Jobs        []*job        `json:"jobs"`
	Collections []*collection `json:"collections"` // datasets, models, checkpoints and volumes
	Assets      []*asset      `json:"assets"`      // of CloudBender
}

// SaveState writes all that the service holds as one JSON document, for WithState: the keys of the accounts and projects too.
// Clients have to log in again to the service that loads it, and uploads that are not finished begin anew: files are not part of it.
func (s *Server) SaveState(w io.Writer) error {
	s.mu.Lock()
	s.catchUp()
	text, err := json.Marshal(&document{
		documentVersion, s.now, s.accounts.rows, s.projects.rows, s.jobs.rows, s.collections.rows, s.assets.rows,
	}, jsontext.WithIndent("  "))
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("proximltest: encoding the state: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("proximltest: writing the state: %w", err)
	}
	return nil
}

func readDocument(r io.Reader) (*document, error) {
	var doc document
	if err := json.UnmarshalRead(r, &doc); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	if doc.Version != documentVersion {
		return nil, fmt.Errorf("the state has version %d, this package reads version %d", doc.Version, documentVersion)
	}
	return &doc, doc.check()
}

// check refuses a document whose parts do not belong together, such as a job of no project.
func (doc *document) check() error {
	if doc.hasNulls() {
		return errors.New("the state has null in the place of an entity")
	}
	emails, projects := map[string]bool{}, map[string]bool{}
	for _, a := range doc.Accounts {
		emails[a.Email] = true
	}
	for _, p := range doc.Projects {
		projects[p.ID] = true
		if !emails[p.Owner] {
			return fmt.Errorf("the state has project %s but not its owner %s", p.ID, p.Owner)
		}
	}
	var errs []error
	for _, a := range doc.Accounts {
		if !projects[a.PersonalID] {
			errs = append(errs, fmt.Errorf("the state has account %s but not its Personal project %s", a.Email, a.PersonalID))
		}
	}
	for _, j := range doc.Jobs {
		if !projects[j.ProjectID] || len(j.Workers) == 0 {
			errs = append(errs, fmt.Errorf("the state has job %s but not its project %s, or no worker of it", j.ID, j.ProjectID))
		}
	}
	for _, e := range doc.Collections {
		if !projects[e.ProjectID] {
			errs = append(errs, fmt.Errorf("the state has %s %s but not its project %s", e.Kind, e.ID, e.ProjectID))
		}
	}
	return errors.Join(append(errs, doc.checkAssets(emails)...)...)
}

// hasNulls tells whether something is null that nothing of a state is.
func (doc *document) hasNulls() bool {
	return slices.Contains(doc.Accounts, nil) || slices.Contains(doc.Projects, nil) || slices.Contains(doc.Jobs, nil) ||
		slices.Contains(doc.Collections, nil) || slices.Contains(doc.Assets, nil) ||
		slices.ContainsFunc(doc.Jobs, func(j *job) bool { return slices.Contains(j.Workers, nil) }) ||
		slices.ContainsFunc(doc.Projects, func(p *project) bool { return slices.Contains(p.Members, nil) })
}

// startTime is when the service's clock begins.
func (set *settings) startTime() time.Time {
	if set.state != nil {
		return set.state.Time.time()
	}
	return time.Now()
}

// load takes over a document, and plans again what was planned. Uploads begin anew, since what came of them is not in it.
func (s *Server) load(doc *document) {
	for _, a := range doc.Accounts {
		s.register(a)
		s.agenda.schedule(a, a.Due)
	}
	for _, p := range doc.Projects {
		s.projects.add(p)
	}
	for _, j := range doc.Jobs {
		s.jobs.add(j)
		s.agenda.schedule(j, j.Due)
		j.Log.restore(j.hasEnded() || j.Status == statusRemoving)
		s.knowTransfer(j, j.ModelUpload)
		s.knowTransfer(j, j.InputUpload)
		for _, w := range j.Workers {
			s.knowTransfer(j, w.Download)
		}
	}
	for _, e := range doc.Collections {
		s.collections.add(e)
		s.agenda.schedule(e, e.Due)
		e.Log.restore(e.isSettled())
		s.knowTransfer(e, e.Transfer)
	}
	for _, j := range s.jobs.rows {
		s.resumeRun(j)
	}
	for _, a := range doc.Assets {
		s.assets.add(a)
		s.agenda.schedule(a, a.Due)
	}
}
