package proximltest

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	defaultStorage = "evefs"
	ownSize        = 100_000_000 // bytes of whatever was downloaded, as in the clients' fixtures
	ownFiles       = 1
)

var (
	sourceTypes = []string{"aws", "gcp", "azure", "kaggle", "web", "git", sourceLocal, "wasabi", "regional"}
	exportTypes = []string{"aws", "gcp", "azure", sourceLocal, "wasabi", outputRegional}
)

// collection is one dataset, model, checkpoint or volume as the service keeps it.
type collection struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id"`
	ProjectID string    `json:"project,omitzero"` // "" for public ones
	Name      string    `json:"name"`
	Status    string    `json:"status"`
	Public    bool      `json:"-"`
	Type      string    `json:"type"`
	Size      int64     `json:"size"` // bytes; 0 until it is there
	Files     int       `json:"files"`
	CreatedAt timestamp `json:"created_at"`
	Fate      fate      `json:"fate"`
	Log       entityLog `json:"log"`
	Transfer  *transfer `json:"transfer,omitzero"` // the latest one to or from the user's own machine
	collectionSource
	exportSpec
	nextStep
}

func (e *collection) key() string { return e.ID }

// isSettled tells whether nothing is done with the entity any more, or at present.
func (e *collection) isSettled() bool {
	return e.Status == statusReady || e.Status == statusFailed || e.Status == statusRemoving
}

// entity is what scripts see.
func (e *collection) entity() Entity {
	return Entity{Kind: e.Kind, ID: e.ID, Project: e.ProjectID, Name: e.Name}
}

// collectionSource is where the data comes from.
type collectionSource struct {
	SourceType    string         `json:"source_type,omitzero"`
	SourceURI     string         `json:"source_uri,omitzero"`
	SourceOptions jsontext.Value `json:"source_options,omitzero"`
	Capacity      string         `json:"capacity,omitzero"` // of a volume, such as "10G"
}

// exportSpec is where the data was last exported to.
type exportSpec struct {
	OutputType    string         `json:"output_type,omitzero"`
	OutputURI     string         `json:"output_uri,omitzero"`
	OutputOptions jsontext.Value `json:"output_options,omitzero"`
}

func (s *Server) collectionRoutes(api func(string, handler), kind string) {
	reading := func(h func(*call, string) (any, error)) handler {
		return s.needing(kind, accessRead, func(c *call) (any, error) { return h(c, kind) })
	}
	writing := func(h func(*call, string) (any, error)) handler {
		return s.needing(kind, accessAll, func(c *call) (any, error) { return h(c, kind) })
	}
	path := "/" + kind
	if collectionKinds[kind].hasPublic {
		api("GET "+path+"/public", reading(s.listPublic))
	}
	api("GET "+path, reading(s.listCollections))
	api("POST "+path, writing(s.createCollection))
	api("GET "+path+"/{id}", reading(s.getCollection))
	api("PATCH "+path+"/{id}", writing(s.renameCollection))
	api("DELETE "+path+"/{id}", writing(s.removeCollection))
	api("POST "+path+"/{id}/export", writing(s.exportCollection))
	api("GET "+path+"/{id}/logs", reading(s.collectionLogs))
	api("GET "+path+"/{id}/details", reading(s.collectionDetails))
}

// own finds the entity that a call names in the project of the call. Uncertain: that one of another project is answered as missing.
func (s *Server) own(c *call, kind, id string) (*collection, error) {
	e, found := s.collections.get(id)
	if !found || e.Kind != kind || e.ProjectID != c.project.ID {
		return nil, notFound(collectionKinds[kind].missing)
	}
	return e, nil
}

// readable finds the entity that a call names, a public one too.
func (s *Server) readable(c *call, kind string) (*collection, error) {
	if public := findCollection(publicCollections, kind, c.pathValue("id")); public != nil {
		return public, nil
	}
	return s.own(c, kind, c.pathValue("id"))
}

// findCollection finds an entity of a kind by id or else by name. Of several with one name it is the first.
func findCollection(list []*collection, kind, idOrName string) *collection {
	byID := func(e *collection) bool { return e.Kind == kind && e.ID == idOrName }
	byName := func(e *collection) bool { return e.Kind == kind && e.Name == idOrName }
	for _, matches := range []func(*collection) bool{byID, byName} {
		if i := slices.IndexFunc(list, matches); i >= 0 {
			return list[i]
		}
	}
	return nil
}

func (s *Server) listPublic(_ *call, kind string) (any, error) {
	return s.viewAll(publicCollections, func(e *collection) bool { return e.Kind == kind }), nil
}

func (s *Server) listCollections(c *call, kind string) (any, error) {
	return s.viewAll(s.collections.rows, func(e *collection) bool {
		return e.Kind == kind && e.ProjectID == c.project.ID
	}), nil
}

func (s *Server) viewAll(list []*collection, shown func(*collection) bool) []collectionView {
	views := []collectionView{}
	for _, e := range list {
		if shown(e) {
			views = append(views, s.viewCollection(e))
		}
	}
	return views
}

func (s *Server) getCollection(c *call, kind string) (any, error) {
	e, err := s.readable(c, kind)
	if err != nil {
		return nil, err
	}
	return s.viewCollection(e), nil
}

func (s *Server) createCollection(c *call, kind string) (any, error) {
	wanted := struct {
		Name string `json:"name"`
		Type string `json:"type"`
		collectionSource
	}{Type: defaultStorage}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Name == "" {
		return nil, invalid(msgRequired, "name")
	}
	if err := collectionKinds[kind].checkSource(&wanted.collectionSource); err != nil {
		return nil, err
	}
	e := s.addCollection(kind, wanted.Name, c.project.ID)
	e.Type, e.collectionSource = wanted.Type, wanted.collectionSource
	s.enterCollection(e, statusNew)
	return s.viewCollection(e), nil
}

func (k collectionKind) checkSource(source *collectionSource) error {
	if k.hasCapacity && source.Capacity == "" {
		return invalid(msgRequired, "capacity")
	}
	if k.mayBeEmpty && source.SourceType == "" {
		return nil
	}
	if err := oneOf("source_type", source.SourceType, sourceTypes); err != nil {
		return err
	}
	if source.SourceURI == "" {
		return invalid(msgRequired, "source_uri")
	}
	return nil
}

func (s *Server) addCollection(kind, name, projectID string) *collection {
	e := &collection{Kind: kind, ID: newID(), ProjectID: projectID, Name: name, Type: defaultStorage, CreatedAt: s.now}
	e.Fate = s.decideFate(e.entity())
	s.collections.add(e)
	return e
}

// saveOutput makes a worker's output a new entity of the job's project.
func (s *Server) saveOutput(j *job, workerID, kind string) *collection {
	e := s.addCollection(kind, "Job - "+j.Spec.Name, j.ProjectID)
	e.SourceType, e.SourceURI = kindJob, j.ID
	s.keep(e.ID, s.kept[workerID])
	s.enterCollection(e, statusReady)
	return e
}

func (s *Server) renameCollection(c *call, kind string) (any, error) {
	e, err := s.own(c, kind, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	wanted := struct {
		Name string `json:"name"`
	}{}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Name == "" {
		return nil, invalid(msgRequired, "name")
	}
	e.Name = wanted.Name
	return s.viewCollection(e), nil
}

func (s *Server) exportCollection(c *call, kind string) (any, error) {
	e, err := s.own(c, kind, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	var wanted exportSpec
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if err := oneOf("output_type", wanted.OutputType, exportTypes); err != nil {
		return nil, err
	}
	if wanted.OutputURI == "" {
		return nil, invalid(msgRequired, "output_uri")
	}
	if e.Status != statusReady {
		return nil, invalid(msgCannotExport, e.Status)
	}
	e.exportSpec = wanted
	s.enterCollection(e, statusExporting)
	return s.viewCollection(e), nil
}

// removeCollection removes what is ready or failed, or anything by force. Uncertain: what the real service does without force.
func (s *Server) removeCollection(c *call, kind string) (any, error) {
	e, err := s.own(c, kind, c.pathValue("id"))
	if err != nil {
		return nil, err
	}
	if !e.isSettled() && c.query("force") != "true" {
		return nil, invalid(msgCannotRemove, e.Status)
	}
	if e.Status != statusRemoving {
		s.enterCollection(e, statusRemoving)
	}
	return void{}, nil
}

func (s *Server) collectionLogs(c *call, kind string) (any, error) {
	e, err := s.readable(c, kind)
	if err != nil {
		return nil, err
	}
	return s.logURL(e.ID+"/logs", e.Name), nil
}

// enterCollection gives an entity a new status and plans that status's end.
func (s *Server) enterCollection(e *collection, status string) {
	e.Status = status
	s.note(&e.Log, e.isSettled())
	s.exchange(e)
	switch {
	case status == statusDownloading:
		s.script(&e.Log, e.entity(), 0, dataWorker)
	case status == statusReady && s.kept[e.ID] != nil:
		e.Size, e.Files = s.kept[e.ID].size, s.kept[e.ID].files
	case status == statusReady && e.Size == 0:
		e.Size, e.Files = ownSize, ownFiles
	}
	s.agenda.schedule(e, s.endOfStatus(status))
}

// step ends an entity's status. Files of the user's own machine are waited for in both directions; a project that stores only on its
// owner's hardware waits until there is some.
func (e *collection) step(s *Server) {
	if e.Fate.FailIn == e.Status {
		s.enterCollection(e, statusFailed)
		return
	}
	switch e.Status {
	case statusNew:
		if s.canStore(e.ProjectID) {
			s.enterCollection(e, statusDownloading)
		}
	case statusDownloading:
		if e.SourceType != sourceLocal {
			s.enterCollection(e, statusReady)
		}
	case statusExporting:
		if e.OutputType != sourceLocal {
			s.enterCollection(e, statusReady)
		}
	case statusRemoving:
		s.dropCollection(e)
	}
}

func (s *Server) canStore(projectID string) bool {
	p, _ := s.projects.get(projectID)
	owner := s.payer(projectID)
	return !p.OnlyOwned || len(owner.Hardware) > 0 || len(s.nodesAtWork(owner)) > 0
}
