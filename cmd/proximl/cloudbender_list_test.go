//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/proximl/proximl-go/proximltest"
)

// Every list of the account's own infrastructure, and one of each.
func TestCloudbenderLists(t *testing.T) {
	t.Parallel()
	b := newBasement(t, proximltest.WithManualClock())
	b.run("model", "create", "detector", "s3://bucket", "--source", "aws", "--no-attach").ok()
	b.in("node create hq-a100-01", "-m", "a").ok()
	b.in("node create hq-storage-01", "-m", "b", "--service", "storage").ok()
	b.in("device create hq-orin-01", "-m", "c").ok()
	b.in("device-config create camera", "--model", "detector", "--image", "nvidia/cuda", "--command", "python run.py").ok()
	b.in("device set-config hq-orin-01", "--config", "camera").ok()
	b.in("device deploy hq-orin-01").ok()
	b.in("datastore create files", "--type", "nfs", "--uri", "192.168.0.50", "--root", "/exports/of/the/file/server").ok()
	b.in("data-connector create database", "--protocol", "TCP", "--cidr", "10.0.3.0/24", "--port-range", "8000-8099").ok()
	b.in("service create on-premises", "--port", "8989").ok()
	const in = " --provider physical --region basement"
	golden(t, "cloudbender_provider_show", steady(b.forms("cloudbender", "provider", "show", "physical")))
	golden(t, "cloudbender_region_show", steady(b.forms("cloudbender", "region", "show", "basement", "--provider", "physical")))
	for noun, name := range map[string]string{
		"node": "hq-a100-01", "device": "hq-orin-01", "device-config": "camera", "datastore": "files", "data-connector": "database", "service": "on-premises",
	} {
		golden(t, "cloudbender_"+noun+"_show", steady(b.forms(strings.Fields("cloudbender "+noun+" show "+name+in)...)))
	}
	b.with("NO_COLOR=1").lists(
		"cloudbender provider list", "cloudbender region list --provider physical", "cloudbender node list"+in, "cloudbender device list"+in,
		"cloudbender device-config list"+in, "cloudbender datastore list"+in, "cloudbender data-connector list"+in, "cloudbender service list"+in,
	)
}
