package proximltest

// Kinds of stored data that jobs use. They are handled alike; this table says where they differ.
const (
	kindDataset    = "dataset"
	kindModel      = "model"
	kindCheckpoint = "checkpoint"
	kindVolume     = "volume"
)

// collectionKind is one kind. Its name is also its path and its resource type in a member's access.
type collectionKind struct {
	missing     string // the message of a 404
	hasPublic   bool   // whether there are public ones, listed at {path}/public
	mayBeEmpty  bool   // whether one can be created without a source
	hasCapacity bool   // whether it has a capacity in place of a size
}

var collectionKinds = map[string]collectionKind{
	kindDataset:    {missing: "Dataset Not Found", hasPublic: true},
	kindModel:      {missing: "Model Not Found"}, // Inferred: the text.
	kindCheckpoint: {missing: "Checkpoint Not Found", hasPublic: true},
	kindVolume:     {missing: "Volume Not Found", mayBeEmpty: true, hasCapacity: true}, // Inferred: the text.
}

// publicCollections are the public datasets and checkpoints whose names were seen. Of their sizes CIFAR-10's was seen; the others are made up.
var publicCollections = []*collection{
	publicCollection(kindDataset, "CIFAR-10", 184_549_376, 8),
	publicCollection(kindDataset, "MNIST", 54_950_048, 4),
	publicCollection(kindDataset, "ImageNet", 155_000_000_000, 1_431_167),
	publicCollection(kindDataset, "PASCAL VOC", 2_000_000_000, 17_125),
	publicCollection(kindCheckpoint, "stable-diffusion-v1-5", 4_270_000_000, 12),
	publicCollection(kindCheckpoint, "bloomz-7b1", 14_200_000_000, 10),
	publicCollection(kindCheckpoint, "gpt-j-6b", 24_200_000_000, 10),
	publicCollection(kindCheckpoint, "gpt-neox-20b", 41_300_000_000, 54),
	publicCollection(kindCheckpoint, "falcon-7b-instruct", 14_500_000_000, 14),
}

func publicCollection(kind, name string, size int64, files int) *collection {
	return &collection{
		Kind: kind, ID: "public-" + kind + "-" + name, Name: name, Public: true,
		Status: statusReady, Type: defaultStorage, Size: size, Files: files, CreatedAt: publicSince,
	}
}

// publicSince is when the public ones were made, in the fixtures of the clients' tests: the end of 2020.
const publicSince timestamp = 1_609_459_199_000
