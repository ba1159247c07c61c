package proximl

import (
	"fmt"
	"log/slog"
)

// How the parts of a job print and log: without their unknown fields, which may
// hold secrets.

// Format prints the value without its unknown fields.
func (v Job) Format(s fmt.State, verb rune) {
	type plain Job
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Job) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobWorker) Format(s fmt.State, verb rune) {
	type plain JobWorker
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobWorker) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobResourcesInfo) Format(s fmt.State, verb rune) {
	type plain JobResourcesInfo
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobResourcesInfo) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobModelInfo) Format(s fmt.State, verb rune) {
	type plain JobModelInfo
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobModelInfo) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobDataInfo) Format(s fmt.State, verb rune) {
	type plain JobDataInfo
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobDataInfo) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobDataset) Format(s fmt.State, verb rune) {
	type plain JobDataset
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobDataset) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobEnvironmentInfo) Format(s fmt.State, verb rune) {
	type plain JobEnvironmentInfo
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobEnvironmentInfo) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobEndpointInfo) Format(s fmt.State, verb rune) {
	type plain JobEndpointInfo
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobEndpointInfo) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobSpec) Format(s fmt.State, verb rune) {
	type plain JobSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobSpec) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobResources) Format(s fmt.State, verb rune) {
	type plain JobResources
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobResources) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobEnvironment) Format(s fmt.State, verb rune) {
	type plain JobEnvironment
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobEnvironment) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Packages) Format(s fmt.State, verb rune) {
	type plain Packages
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Packages) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobData) Format(s fmt.State, verb rune) {
	type plain JobData
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobData) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v DatasetRef) Format(s fmt.State, verb rune) {
	type plain DatasetRef
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v DatasetRef) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobModel) Format(s fmt.State, verb rune) {
	type plain JobModel
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobModel) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v CheckpointRef) Format(s fmt.State, verb rune) {
	type plain CheckpointRef
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v CheckpointRef) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobEndpoint) Format(s fmt.State, verb rune) {
	type plain JobEndpoint
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobEndpoint) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v Route) Format(s fmt.State, verb rune) {
	type plain Route
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v Route) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v RouteParameter) Format(s fmt.State, verb rune) {
	type plain RouteParameter
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v RouteParameter) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobUpdate) Format(s fmt.State, verb rune) {
	type plain JobUpdate
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobUpdate) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v EnvVar) Format(s fmt.State, verb rune) {
	type plain EnvVar
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v EnvVar) LogValue() slog.Value { return logged(v) }

// Format prints the value without its unknown fields.
func (v JobVolume) Format(s fmt.State, verb rune) {
	type plain JobVolume
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v JobVolume) LogValue() slog.Value { return logged(v) }
