package proximltest

var (
	datastoreTypes     = []string{"nfs", "smb"}
	dataConnectorTypes = []string{"custom"}
)

// datastore is a file server in a region.
type datastore struct {
	shared
	ID string `json:"store_id"`
	datastoreSpec
}

type datastoreSpec struct {
	Type string `json:"type"`
	Name string `json:"name"`
	URI  string `json:"uri,omitzero"`
	Root string `json:"root,omitzero"`
}

func (d *datastore) specify(_ *Server, c *call) error {
	if err := c.decode(&d.datastoreSpec); err != nil {
		return err
	}
	return checkNameAndType(d.Name, d.Type, datastoreTypes)
}

// dataConnector lets jobs reach a part of the region's network.
type dataConnector struct {
	shared
	ID string `json:"connector_id"`
	dataConnectorSpec
}

type dataConnectorSpec struct {
	Type      string `json:"type"`
	Name      string `json:"name"`
	Protocol  string `json:"protocol,omitzero"`
	PortRange string `json:"port_range,omitzero"`
	Port      string `json:"port,omitzero"` // Uncertain: seen once, in place of the range.
	CIDR      string `json:"cidr,omitzero"`
}

func (d *dataConnector) specify(_ *Server, c *call) error {
	if err := c.decode(&d.dataConnectorSpec); err != nil {
		return err
	}
	return checkNameAndType(d.Name, d.Type, dataConnectorTypes)
}

func checkNameAndType(name, kind string, kinds []string) error {
	if name == "" {
		return invalid(msgRequired, "name")
	}
	return oneOf("type", kind, kinds)
}
