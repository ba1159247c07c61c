package proximl_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"

	"github.com/proximl/proximl-go"
)

// A project whose jobs run on the owner's machines only.
func ExampleCloudBenderAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	own := client.CloudBender

	provider, err := own.Providers.Enable(ctx, &proximl.ProviderSpec{Type: proximl.ProviderTypePhysical})
	if err != nil {
		log.Fatal(err)
	}
	region, err := own.Regions.Create(ctx, provider.ID, &proximl.RegionSpec{Name: "basement"})
	if err != nil {
		log.Fatal(err)
	}
	node, err := own.Nodes.Create(ctx, provider.ID, region.ID, &proximl.NodeSpec{FriendlyName: "hq-a100-01", Hostname: "hq-a100-01"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := own.Nodes.WaitFor(ctx, provider.ID, region.ID, node.ID, proximl.NodeStatusActive, often); err != nil {
		log.Fatal(err)
	}

	project, err := client.Projects.Create(ctx, &proximl.ProjectSpec{Name: "in house"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Projects.Update(ctx, project.ID, &proximl.ProjectSettings{OnlyOwnedResources: new(true)}); err != nil {
		log.Fatal(err)
	}
	inHouse := client.InProject(project.ID)
	if err := inHouse.GPUTypes.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	types, err := inHouse.GPUTypes.List(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, gpu := range types {
		fmt.Println(gpu.Abbreviation)
	}
	// Output: a100
}

func ExampleProvidersAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	providers := client.CloudBender.Providers

	provider, err := providers.Enable(ctx, &proximl.ProviderSpec{
		Type:        proximl.ProviderTypeGCP,
		PaymentMode: proximl.PaymentModeStripe,
		Credentials: &proximl.ProviderCredentials{Project: "project-1", ID: "proximl@project-1.iam.gserviceaccount.com"},
	})
	if err != nil {
		log.Fatal(err)
	}
	provider, err = providers.WaitFor(ctx, provider.ID, proximl.ProviderStatusReady, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(provider.Type, "is", provider.Status)
	// Output: gcp is ready
}

func ExampleRegionsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	provider, err := client.CloudBender.Providers.Enable(ctx, &proximl.ProviderSpec{Type: proximl.ProviderTypePhysical})
	if err != nil {
		log.Fatal(err)
	}
	region, err := client.CloudBender.Regions.Create(ctx, provider.ID, &proximl.RegionSpec{
		Name:    "basement",
		Storage: &proximl.RegionStorage{Mode: proximl.RegionStorageModeLocal},
	})
	if err != nil {
		log.Fatal(err)
	}
	region, err = client.CloudBender.Regions.WaitFor(ctx, provider.ID, region.ID, proximl.RegionStatusHealthy, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(region.Name, "is", region.Status)

	// Jobs in the region need not fetch a dataset that is there.
	dataset, err := client.Datasets.Create(ctx, &proximl.DatasetSpec{Name: "cifar", SourceType: "aws", SourceURI: "s3://bucket/cifar/"})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.CloudBender.Regions.AddDataset(ctx, provider.ID, region.ID, dataset.ProjectID, dataset.ID); err != nil {
		log.Fatal(err)
	}
	// Output: basement is healthy
}

func ExampleNodesAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	nodes, region := client.CloudBender.Nodes, ownRegion(ctx, client)

	node, err := nodes.Create(ctx, region.ProviderID, region.ID, &proximl.NodeSpec{
		FriendlyName: "hq-a100-01",
		Hostname:     "hq-a100-01.example.com",
		MinionID:     "minion-1",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(node.FriendlyName, "in maintenance:", node.MaintenanceMode)
	node, err = nodes.WaitFor(ctx, region.ProviderID, region.ID, node.ID, proximl.NodeStatusActive, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(node.FriendlyName, "in maintenance:", node.MaintenanceMode)

	if err := nodes.ToggleMaintenance(ctx, region.ProviderID, region.ID, node.ID); err != nil {
		log.Fatal(err)
	}
	node, err = nodes.WaitFor(ctx, region.ProviderID, region.ID, node.ID, proximl.NodeStatusMaintenance, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(node.FriendlyName, "in maintenance:", node.MaintenanceMode)
	// Output:
	// hq-a100-01 in maintenance: true
	// hq-a100-01 in maintenance: false
	// hq-a100-01 in maintenance: true
}

// A device runs the endpoint that its config describes.
func ExampleDevicesAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	devices, region := client.CloudBender.Devices, ownRegion(ctx, client)

	device, err := devices.Create(ctx, region.ProviderID, region.ID, &proximl.DeviceSpec{
		FriendlyName: "hq-orin-01",
		Hostname:     "hq-orin-01.example.com",
		MinionID:     "minion-2",
	})
	if err != nil {
		log.Fatal(err)
	}
	config := deviceConfig(ctx, client, region)
	if _, err := devices.SetConfig(ctx, region.ProviderID, region.ID, device.ID, config.ID); err != nil {
		log.Fatal(err)
	}
	if err := devices.Deploy(ctx, region.ProviderID, region.ID, device.ID); err != nil {
		log.Fatal(err)
	}
	device, err = devices.Get(ctx, region.ProviderID, region.ID, device.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(device.FriendlyName, "runs", config.Name+":", device.JobStatus)
	// Output: hq-orin-01 runs counter: running
}

// deviceConfig makes a device config, and the model that it needs.
func deviceConfig(ctx context.Context, client *proximl.ProxiML, region *proximl.Region) *proximl.DeviceConfig {
	model, err := client.Models.Create(ctx, &proximl.ModelSpec{Name: "counter", SourceType: "git", SourceURI: "https://github.com/org/counter.git"})
	if err != nil {
		log.Fatal(err)
	}
	config, err := client.CloudBender.DeviceConfigs.Create(ctx, region.ProviderID, region.ID, &proximl.DeviceConfigSpec{
		Name:    "counter",
		ModelID: model.ID,
		Image:   "nvidia/cuda",
		Command: "python count.py",
	})
	if err != nil {
		log.Fatal(err)
	}
	return config
}

func ExampleDeviceConfigsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	region := ownRegion(ctx, client)

	model, err := client.Models.Create(ctx, &proximl.ModelSpec{Name: "counter", SourceType: "git", SourceURI: "https://github.com/org/counter.git"})
	if err != nil {
		log.Fatal(err)
	}
	config, err := client.CloudBender.DeviceConfigs.Create(ctx, region.ProviderID, region.ID, &proximl.DeviceConfigSpec{
		Name:    "counter",
		ModelID: model.ID, // of the active project, unless ModelProjectID says another
		Image:   "nvidia/cuda",
		Command: "python count.py",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Name, config.ModelProjectID == model.ProjectID)
	// Output: counter true
}

func ExampleDatastoresAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	region := ownRegion(ctx, client)

	datastore, err := client.CloudBender.Datastores.Create(ctx, region.ProviderID, region.ID, &proximl.DatastoreSpec{
		Name: "file server",
		Type: proximl.DatastoreTypeNFS,
		URI:  "192.168.0.50",
		Root: "/exports",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(datastore.Name, datastore.Type, datastore.URI+datastore.Root)
	// Output: file server nfs 192.168.0.50/exports
}

func ExampleDataConnectorsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	region := ownRegion(ctx, client)

	connector, err := client.CloudBender.DataConnectors.Create(ctx, region.ProviderID, region.ID, &proximl.DataConnectorSpec{
		Name:      "database",
		Type:      proximl.DataConnectorTypeCustom,
		Protocol:  "TCP",
		CIDR:      "10.0.3.0/24",
		PortRange: "5432",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(connector.Name, connector.Protocol, connector.CIDR, connector.PortRange)
	// Output: database TCP 10.0.3.0/24 5432
}

func ExampleServicesAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	services, region := client.CloudBender.Services, ownRegion(ctx, client)

	service, err := services.Create(ctx, region.ProviderID, region.ID, &proximl.ServiceSpec{
		Name: "label studio",
		Type: proximl.ServiceTypeHTTPS,
	})
	if err != nil {
		log.Fatal(err)
	}
	service, err = services.WaitFor(ctx, region.ProviderID, region.ID, service.ID, proximl.ServiceStatusActive, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(service.Name, "is", service.Status)
	fmt.Println(service.Host() == service.ID+".proximl.cloud")
	// Output:
	// label studio is active
	// true
}

// A program that a service lets in by a certificate of its own.
func ExampleNewClientCertificate() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	services, region := client.CloudBender.Services, ownRegion(ctx, client)

	service, err := services.Create(ctx, region.ProviderID, region.ID, &proximl.ServiceSpec{Name: "database", Type: proximl.ServiceTypeTCP, Port: "5432"})
	if err != nil {
		log.Fatal(err)
	}
	service, err = services.GenerateCertificate(ctx, region.ProviderID, region.ID, service.ID, proximl.CertificateAlgorithmED25519)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := proximl.NewClientCertificate(ctx, service.ID, "reporting", proximl.CertificateAlgorithmP256,
		func(ctx context.Context, csr string) (string, error) {
			signed, err := services.SignCertificate(ctx, region.ProviderID, region.ID, service.ID, csr)
			return signed + "\n" + service.AuthCert, err // with the authority, for RootCAs
		})
	if err != nil {
		log.Fatal(err)
	}

	config := &tls.Config{
		ServerName:   service.Host(),
		Certificates: []tls.Certificate{certificate.Certificate},
		RootCAs:      certificate.RootCAs,
	}
	fmt.Println(config.Certificates[0].Leaf.Subject.CommonName, "may connect to", service.Name)
	// Output: reporting may connect to database
}
