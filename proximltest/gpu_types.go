package proximltest

import (
	"slices"
	"strings"
)

// gpuType is a type of compute resource, "cpu" among them. Prices are in thousandths of a credit per hour for one GPU
// (for cpu: for one CPU; uncertain).
type gpuType struct {
	id, name, abbrv string
	minPrice        int64
	maxPrice        int64
	minCPUs         int // for each GPU
}

const cpuOnly = "cpu"

// gpuCatalogue is what the service offers. The names are documented. Of the prices those of GTX 1060, RTX 2080 Ti, V100 and A100 were seen,
// of the least CPU counts those of RTX 2080 Ti and RTX 3090; the others are made up.
var gpuCatalogue = []gpuType{
	{"1060-id", "GTX 1060", "gtx1060", 100, 100, 4},
	{"1080ti-id", "GTX 1080 Ti", "gtx1080ti", 200, 200, 4},
	{"2060s-id", "RTX 2060 Super", "rtx2060s", 150, 150, 4},
	{"2070s-id", "RTX 2070 Super", "rtx2070s", 200, 200, 4},
	{"2080ti-id", "RTX 2080 Ti", "rtx2080ti", 350, 350, 4},
	{"3090-id", "RTX 3090", "rtx3090", 980, 980, 8},
	{"p100-id", "P100", "p100", 600, 1600, 4},
	{"t4-id", "T4", "t4", 350, 550, 4},
	{"v100-id", "V100", "v100", 1000, 3940, 8},
	{"a100-id", "A100", "a100", 2780, 4900, 8},
	{"a100xl-id", "A100 80 GB", "a100xl", 3200, 6200, 8},
	{"a6000-id", "RTX A6000", "a6000", 1200, 1900, 8},
	{"a4000-id", "RTX A4000", "a4000", 500, 700, 4},
	{"cpu-id", "CPU Only", cpuOnly, 20, 20, 0},
}

// gpuTypeNamed finds a type by abbreviation, id or name, in any case.
func gpuTypeNamed(name string) (gpuType, bool) {
	i := slices.IndexFunc(gpuCatalogue, func(g gpuType) bool {
		return strings.EqualFold(g.abbrv, name) || strings.EqualFold(g.id, name) || strings.EqualFold(g.name, name)
	})
	if i < 0 {
		return gpuType{}, false
	}
	return gpuCatalogue[i], true
}

// availableGPUs returns the abbreviations of what a project's jobs can run on now.
func (s *Server) availableGPUs(p *project) []string {
	var owned, available []string
	if p.OnlyOwned {
		owned = s.hardwareOf(s.payer(p.ID))
	}
	for _, g := range gpuCatalogue {
		if !p.OnlyOwned || slices.Contains(owned, g.abbrv) {
			available = append(available, g.abbrv)
		}
	}
	return available
}

// checkGPUTypes refuses a job that names a type which its project's list, as of the last refresh, does not have.
// Uncertain: that it is the list that decides, and the words.
func (p *project) checkGPUTypes(res *resourcesSpec) error {
	for _, name := range res.GPUTypes {
		if !slices.Contains(p.GPUTypes, name) {
			return invalid(msgBadGPUType, name)
		}
	}
	return nil
}

type gpuTypeView struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Abbrv string    `json:"abbrv"`
	Price priceView `json:"price"`
}

// priceView is in credits per hour for one GPU.
type priceView struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// listGPUTypes answers with the project's list as of the last refresh.
func (s *Server) listGPUTypes(c *call) (any, error) {
	return convert(c.project.GPUTypes, func(abbrv string) gpuTypeView {
		g, _ := gpuTypeNamed(abbrv)
		price := priceView{float64(g.minPrice) / milliCredits, float64(g.maxPrice) / milliCredits}
		return gpuTypeView{g.id, g.name, g.abbrv, price}
	}), nil
}

func (s *Server) refreshGPUTypes(c *call) (any, error) {
	c.project.GPUTypes = s.availableGPUs(c.project)
	return s.listGPUTypes(c)
}
