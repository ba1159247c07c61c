package proximltest

// awaits implements transferOwner.
func (e *collection) awaits(t *transfer) bool {
	if t.IsUpload {
		return e.Status == statusDownloading
	}
	return e.Status == statusExporting
}

// transferred implements transferOwner.
func (e *collection) transferred(s *Server, _ *transfer) { s.enterCollection(e, statusReady) }

// exchange opens what an entity's new status makes the user's own machine upload or download.
func (s *Server) exchange(e *collection) {
	switch {
	case e.Status == statusDownloading && e.SourceType == sourceLocal:
		e.Transfer = s.openTransfer(e, e.Transfer, &transfer{Key: e.ID, IsUpload: true})
	case e.Status == statusExporting && e.OutputType == sourceLocal:
		e.Transfer = s.openTransfer(e, e.Transfer, &transfer{Key: e.ID, Name: fileName(e.Name), Archive: wantsArchive(e.OutputOptions)})
	}
}

// dropCollection makes an entity disappear.
func (s *Server) dropCollection(e *collection) {
	e.Status = statusRemoved
	s.note(&e.Log, true)
	s.agenda.schedule(e, 0)
	s.collections.remove(e.ID)
	s.closeTransfer(e.Transfer)
	s.keep(e.ID, nil)
}
