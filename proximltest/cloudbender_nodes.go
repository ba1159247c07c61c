package proximltest

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// newMachinesBecome is the status of a node or device after new, once its machine has reported: it goes to work by itself.
// Uncertain: seen is only that it begins offline and in maintenance mode.
const newMachinesBecome = statusActive

const (
	typeDevice     = "device"
	serviceCompute = "compute"
)

var (
	nodeTypes    = []string{"permanent", typeDevice, "ephemeral"}
	nodeServices = []string{serviceCompute, "storage"}
)

// machine is what nodes and devices have in common.
type machine struct {
	shared
	machineSpec
	Online      bool `json:"online"`
	Maintenance bool `json:"maintenance_mode"`
}

type machineSpec struct {
	FriendlyName string `json:"friendly_name"`
	Hostname     string `json:"hostname"`
	MinionID     string `json:"minion_id,omitzero"`
	Type         string `json:"type"`
	Service      string `json:"service"`
}

func (m *machine) host() *machine { return m }

// node is a machine that jobs run on or that stores data.
type node struct {
	machine
	ID string `json:"rig_uuid"`
}

func (n *node) specify(_ *Server, c *call) error { return n.read(c, nodeTypes, nodeServices) }

// read reads the body that creates a machine. The first of the types and of the services is the default.
func (m *machine) read(c *call, machineTypes, services []string) error {
	if err := c.decode(&m.machineSpec); err != nil {
		return err
	}
	if m.FriendlyName == "" || m.Hostname == "" {
		return invalid(msgRequired, "friendly_name and hostname")
	}
	m.Type, m.Service = cmp.Or(m.Type, machineTypes[0]), cmp.Or(m.Service, services[0])
	return cmp.Or(oneOf("type", m.Type, machineTypes), oneOf("service", m.Service, services))
}

// follow makes a machine what its new status says.
func (m *machine) follow(status string) {
	switch status {
	case statusNew:
		m.Online, m.Maintenance = false, true
	case statusActive:
		m.Online, m.Maintenance = true, false
	case statusMaintenance:
		m.Online, m.Maintenance = true, true
	case statusOffline, statusStopped:
		m.Online = false
	}
}

// toggleMaintenance takes a machine out of work or lets it work again. Of one that does neither now only the mode changes.
// Uncertain: that the status says so too, and that the answer of this and of the calls below is the machine.
func (s *Server) toggleMaintenance(_ *call, a *asset) (any, error) {
	switch m := a.Shown.(interface{ host() *machine }).host(); m.Status {
	case statusActive:
		s.enterAsset(a, statusMaintenance)
	case statusMaintenance:
		s.enterAsset(a, statusActive)
	default:
		m.Maintenance = !m.Maintenance
	}
	return a.Shown, nil
}

// runAction takes any command. Of those that there are only "report" was seen.
func (s *Server) runAction(c *call, a *asset) (any, error) {
	var wanted struct {
		Command string `json:"command"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Command == "" {
		return nil, invalid(msgRequired, "command")
	}
	return a.Shown, nil
}

// gpuTypes returns the abbreviations of the GPU types that a node has. A real node's machine reports them. Here its names spell them,
// as "hq-a100-01" does; one whose names spell none has CPUs only.
func (n *node) gpuTypes() []string {
	words := strings.FieldsFunc(strings.ToLower(n.FriendlyName+" "+n.Hostname), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var spelled []string
	for _, g := range gpuCatalogue {
		if slices.Contains(words, g.abbrv) {
			spelled = append(spelled, g.abbrv)
		}
	}
	if spelled == nil {
		return []string{cpuOnly}
	}
	return spelled
}

// nodesAtWork returns an account's nodes that are active.
func (s *Server) nodesAtWork(a *account) []*node {
	var nodes []*node
	for _, found := range s.assetsOf(a, kindNode) {
		if n := found.Shown.(*node); n.Status == statusActive {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// hardwareOf returns the abbreviations of the GPU types that an account owns.
func (s *Server) hardwareOf(a *account) []string {
	owned := slices.Clone(a.Hardware)
	for _, n := range s.nodesAtWork(a) {
		if n.Service == serviceCompute {
			owned = append(owned, n.gpuTypes()...)
		}
	}
	return owned
}
