package proximl

import (
	"fmt"
	"log/slog"
)

// How infrastructure prints and logs: without its unknown fields, which may hold
// secrets.

// Format prints the value without its unknown fields.
func (v Provider) Format(s fmt.State, verb rune) {
	type plain Provider
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Provider) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v ProviderCredentials) Format(s fmt.State, verb rune) {
	type plain ProviderCredentials
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ProviderCredentials) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v ProviderSpec) Format(s fmt.State, verb rune) {
	type plain ProviderSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ProviderSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Region) Format(s fmt.State, verb rune) {
	type plain Region
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Region) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v RegionStorage) Format(s fmt.State, verb rune) {
	type plain RegionStorage
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v RegionStorage) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v RegionSpec) Format(s fmt.State, verb rune) {
	type plain RegionSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v RegionSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Node) Format(s fmt.State, verb rune) {
	type plain Node
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Node) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v NodeSpec) Format(s fmt.State, verb rune) {
	type plain NodeSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v NodeSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Device) Format(s fmt.State, verb rune) {
	type plain Device
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Device) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DeviceSpec) Format(s fmt.State, verb rune) {
	type plain DeviceSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DeviceSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DeviceConfig) Format(s fmt.State, verb rune) {
	type plain DeviceConfig
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DeviceConfig) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DeviceConfigSpec) Format(s fmt.State, verb rune) {
	type plain DeviceConfigSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DeviceConfigSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Datastore) Format(s fmt.State, verb rune) {
	type plain Datastore
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Datastore) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DatastoreSpec) Format(s fmt.State, verb rune) {
	type plain DatastoreSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DatastoreSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DataConnector) Format(s fmt.State, verb rune) {
	type plain DataConnector
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DataConnector) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DataConnectorSpec) Format(s fmt.State, verb rune) {
	type plain DataConnectorSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DataConnectorSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Service) Format(s fmt.State, verb rune) {
	type plain Service
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Service) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v ServiceSpec) Format(s fmt.State, verb rune) {
	type plain ServiceSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ServiceSpec) LogValue() slog.Value { return logged(v) }
