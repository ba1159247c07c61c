package proximltest

import "cmp"

// Kinds of what an account brings to the service through CloudBender.
const (
	kindProvider      = "provider"
	kindRegion        = "region"
	kindNode          = "node"
	kindDevice        = "device"
	kindDeviceConfig  = "device config"
	kindDatastore     = "datastore"
	kindDataConnector = "data connector"
	kindService       = "service"
)

// asset is one of these as the service keeps it.
type asset struct {
	Kind      string     `json:"kind"`
	ID        string     `json:"id"`
	Parent    string     `json:"parent,omitzero"` // id of the provider that a region is in, or of the region that anything else is in
	Owner     string     `json:"owner"`           // e-mail of the account that enabled the provider
	Shown     entity     `json:"shown"`
	Authority *authority `json:"authority,omitzero"` // of a service for which a certificate was generated
	nextStep
}

// entity is what the API shows of an asset.
type entity interface {
	common() *shared
	// specify reads and checks the body that creates it.
	specify(s *Server, c *call) error
}

// shared is what the API shows of every asset. Inferred: that nodes, devices and data connectors show when they were made as the others do.
type shared struct {
	ProviderID string    `json:"provider_uuid"`
	RegionID   string    `json:"region_uuid,omitzero"`
	Status     string    `json:"status,omitzero"`
	CreatedAt  timestamp `json:"createdAt"`
}

func (sh *shared) common() *shared { return sh }

func (a *asset) key() string { return a.ID }

// assetKind is one kind. All are served alike; this table says where they differ.
type assetKind struct {
	path    string                 // of their list
	settled string                 // the status that follows new; "" if they have none
	blank   func(id string) entity // an empty one
}

const (
	regionPath = "/provider/{provider}/region"
	inRegion   = regionPath + "/{region}"
)

var assetKinds = map[string]assetKind{
	kindProvider:      {"/provider", statusReady, func(string) entity { return &provider{} }},
	kindRegion:        {regionPath, statusHealthy, func(string) entity { return &region{} }},
	kindNode:          {inRegion + "/node", newMachinesBecome, func(id string) entity { return &node{ID: id} }},
	kindDevice:        {inRegion + "/device", newMachinesBecome, func(id string) entity { return &device{ID: id} }},
	kindDeviceConfig:  {inRegion + "/device/config", "", func(id string) entity { return &deviceConfig{ID: id} }},
	kindDatastore:     {inRegion + "/datastore", "", func(id string) entity { return &datastore{ID: id} }},
	kindDataConnector: {inRegion + "/data_connector", "", func(id string) entity { return &dataConnector{ID: id} }},
	kindService:       {inRegion + "/service", statusActive, func(id string) entity { return &service{ID: id} }},
}

// cloudBenderRoutes serves CloudBender. Which project a call names in its query does not matter.
func (s *Server) cloudBenderRoutes(api func(string, handler)) {
	on := func(method, kind, rest string, h func(*call, *asset) (any, error)) {
		api(method+" "+assetKinds[kind].path+"/{id}"+rest, func(c *call) (any, error) {
			a, err := s.assetOf(c, kind)
			if err != nil {
				return nil, err
			}
			return h(c, a)
		})
	}
	for kind, k := range assetKinds {
		api("GET "+k.path, func(c *call) (any, error) { return s.listAssets(c, kind) })
		api("POST "+k.path, func(c *call) (any, error) { return s.createAsset(c, kind) })
		on("GET", kind, "", s.getAsset)
		on("DELETE", kind, "", s.removeAsset)
	}
	for _, kind := range []string{kindDataset, kindModel, kindCheckpoint} {
		on("POST", kindRegion, "/"+kind, func(c *call, a *asset) (any, error) { return s.stage(c, a, kind) })
	}
	for _, kind := range []string{kindNode, kindDevice} {
		on("PATCH", kind, "/maintenance", s.toggleMaintenance)
		on("POST", kind, "/action", s.runAction)
	}
	on("PATCH", kindDevice, "", s.setDeviceConfig)
	on("PUT", kindDevice, "/deploy", s.deployToDevice)
	on("PUT", kindDevice, "/stop", s.stopDevice)
	on("POST", kindService, "/certificate", s.generateCertificate)
	on("POST", kindService, "/certificate/sign", s.signForService)
}

// child finds an asset of an account by id, kind and parent. Inferred: that one of another account, or elsewhere, is answered as missing.
func (s *Server) child(owner *account, parent, kind, id string) (*asset, error) {
	a, found := s.assets.get(id)
	if !found || a.Owner != owner.Email || a.Parent != parent || a.Kind != kind {
		return nil, errNotFound
	}
	return a, nil
}

// parentOf finds what a path leads into: a region, a provider, or "" for the list of providers itself.
func (s *Server) parentOf(c *call) (parent string, err error) {
	for _, kind := range []string{kindProvider, kindRegion} {
		id := c.pathValue(kind)
		if id == "" {
			break
		}
		if _, err := s.child(c.caller, parent, kind, id); err != nil {
			return "", err
		}
		parent = id
	}
	return parent, nil
}

// assetOf finds the asset that a path ends with.
func (s *Server) assetOf(c *call, kind string) (*asset, error) {
	parent, err := s.parentOf(c)
	if err != nil {
		return nil, err
	}
	return s.child(c.caller, parent, kind, c.pathValue("id"))
}

func (s *Server) listAssets(c *call, kind string) (any, error) {
	parent, err := s.parentOf(c)
	if err != nil {
		return nil, err
	}
	list := []entity{}
	for _, a := range s.assetsOf(c.caller, kind) {
		if a.Parent == parent {
			list = append(list, a.Shown)
		}
	}
	return list, nil
}

// assetsOf returns all assets of a kind that an account has, wherever they are.
func (s *Server) assetsOf(owner *account, kind string) []*asset {
	var assets []*asset
	for _, a := range s.assets.rows {
		if a.Kind == kind && a.Owner == owner.Email {
			assets = append(assets, a)
		}
	}
	return assets
}

func (s *Server) createAsset(c *call, kind string) (any, error) {
	parent, err := s.parentOf(c)
	if err != nil {
		return nil, err
	}
	k, id := assetKinds[kind], newID()
	a := &asset{Kind: kind, ID: id, Parent: parent, Owner: c.caller.Email, Shown: k.blank(id)}
	if err := a.Shown.specify(s, c); err != nil {
		return nil, err
	}
	common := a.Shown.common()
	common.ProviderID, common.CreatedAt = cmp.Or(c.pathValue("provider"), id), s.now
	if kind != kindProvider {
		common.RegionID = cmp.Or(c.pathValue("region"), id)
	}
	s.assets.add(a)
	if k.settled != "" {
		s.enterAsset(a, statusNew)
	}
	return a.Shown, nil
}

func (s *Server) getAsset(_ *call, a *asset) (any, error) { return a.Shown, nil }
