package proximl_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
)

func TestDatastores(t *testing.T) {
	t.Parallel()
	regional[proximl.Datastore, proximl.DatastoreSpec]{
		path: "/datastore", entity: fixture(t, "datastore"),
		want: &proximl.Datastore{
			ID: "store-id-1", ProviderID: "prov-id-1", RegionID: "reg-id-1", Type: proximl.DatastoreTypeNFS, Name: "On-prem NFS",
			URI: "192.168.0.50", Root: "/exports", CreatedAt: at("2020-12-31T23:59:59.000Z"),
		},
		api: func(c *proximl.ProxiML) regionalAPI[proximl.Datastore, proximl.DatastoreSpec] {
			return c.CloudBender.Datastores
		},
		create: map[string]creation[proximl.DatastoreSpec]{
			"by name and type": {
				spec: proximl.DatastoreSpec{Name: "n", Type: proximl.DatastoreTypeNFS},
				body: `{"name":"n","type":"nfs"}`,
			},
			"all of it": {
				spec: proximl.DatastoreSpec{Name: "n", Type: proximl.DatastoreTypeSMB, URI: "10.0.0.1", Root: "/x", Extra: jsontext.Value(`{"user":null}`)},
				body: `{"name":"n","type":"smb","uri":"10.0.0.1","root":"/x","user":null}`,
			},
		},
		empty: "invalid datastore: name: is missing; type: is missing",
	}.test(t)
}
