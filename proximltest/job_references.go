package proximltest

// references looks up what a job refers to and returns its datasets. Everything may be named by id or name.
// Uncertain: that what is missing is answered like a call for it, and that the caller needs read access to what a job uses.
func (s *Server) references(c *call, spec *jobSpec) ([]attachment, error) {
	datasets := []attachment{}
	for _, ref := range spec.Data.Datasets {
		e, err := s.resolve(c, c.project, kindDataset, ref)
		if err != nil {
			return nil, err
		}
		origin := "existing"
		if e.Public {
			origin = sourcePublic
		}
		datasets = append(datasets, attachment{e.ID, e.Name, origin, e.Size})
	}
	for kind, refs := range map[string][]entityRef{kindCheckpoint: spec.Model.Checkpoints, kindVolume: spec.Data.Volumes} {
		for _, ref := range refs {
			if _, err := s.resolve(c, c.project, kind, ref); err != nil {
				return nil, err
			}
		}
	}
	return datasets, s.checkModelReference(c, &spec.Model)
}

// checkModelReference looks up a model of the service itself, the one thing that a job may take from another project.
func (s *Server) checkModelReference(c *call, model *modelSpec) error {
	if !isOwnPlatform(model.SourceType) {
		return nil
	}
	p := c.project
	if model.ProjectID != "" {
		var err error
		if p, err = s.visible(c.caller, model.ProjectID); err != nil {
			return err
		}
	}
	_, err := s.resolve(c, p, kindModel, entityRef{ID: model.SourceURI})
	return err
}

// resolve finds an entity of a project, or a public one; a reference that is marked public can only mean the latter.
func (s *Server) resolve(c *call, p *project, kind string, ref entityRef) (*collection, error) {
	if !ref.Public {
		if granted, _ := p.accessOf(c.caller.Email); !granted.to(kind).allows(accessRead) {
			return nil, errForbidden
		}
		if e := s.collectionNamed(p.ID, kind, ref.ID); e != nil {
			return e, nil
		}
	}
	if e := findCollection(publicCollections, kind, ref.ID); e != nil {
		return e, nil
	}
	return nil, notFound(collectionKinds[kind].missing)
}

// collectionNamed finds an entity of a project by id or name.
func (s *Server) collectionNamed(projectID, kind, idOrName string) *collection {
	var own []*collection
	for _, e := range s.collections.rows {
		if e.ProjectID == projectID {
			own = append(own, e)
		}
	}
	return findCollection(own, kind, idOrName)
}
