package proximltest

import "slices"

// Statuses of providers, regions, nodes, devices and services, besides new and removing. Nothing fails by itself: SetStatus makes it.
const (
	statusHealthy     = "healthy"
	statusActive      = "active"
	statusMaintenance = "maintenance"
	statusOffline     = "offline"
)

// enterAsset gives an asset a new status, with all that follows from it, and plans that status's end.
func (s *Server) enterAsset(a *asset, status string) {
	a.Shown.common().Status = status
	if m, isMachine := a.Shown.(interface{ follow(status string) }); isMachine {
		m.follow(status)
		owner, _ := s.accounts.get(a.Owner)
		s.resumeWaiting(owner)
	}
	s.agenda.schedule(a, s.endOfStatus(status))
}

// step ends an asset's status.
func (a *asset) step(s *Server) {
	switch a.Shown.common().Status {
	case statusNew:
		s.enterAsset(a, assetKinds[a.Kind].settled)
	case statusRemoving:
		s.removeAssetNow(a)
	}
}

// removeAsset removes an asset with all that is in it. Uncertain: that it does, and does so whatever state it is in.
// Inferred: that what has a status takes its time, as jobs do.
func (s *Server) removeAsset(_ *call, a *asset) (any, error) {
	switch {
	case assetKinds[a.Kind].settled == "":
		s.removeAssetNow(a)
	case a.Shown.common().Status != statusRemoving:
		s.enterAsset(a, statusRemoving)
	}
	return void{}, nil
}

// removeAssetNow makes an asset disappear with all that is in it, from the projects that know of it too.
func (s *Server) removeAssetNow(a *asset) {
	for _, inside := range slices.Clone(s.assets.rows) {
		if inside.Parent == a.ID {
			s.removeAssetNow(inside)
		}
	}
	for _, p := range s.projects.rows {
		p.forget(a.ID)
	}
	s.agenda.schedule(a, 0)
	s.assets.remove(a.ID)
}
