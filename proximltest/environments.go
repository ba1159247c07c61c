package proximltest

import "slices"

// environment is a software environment that jobs can run in.
type environment struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Framework string `json:"framework"`
	Python    string `json:"py_version"`
	Version   string `json:"version,omitzero"`
	CUDA      string `json:"cuda_version"`
	Image     string `json:"image"`
}

const (
	customEnvironment  = "CUSTOM"
	defaultEnvironment = "DEEPLEARNING_PY313" // Uncertain: which one a job gets that asks for none.
)

// environments are the ids that the clients and their tests name, retired ones included. Versions of CUDA that were not seen are made up.
var environments = []environment{
	deepLearning("37", "3.7", "11.1"), deepLearning("38", "3.8", "11.1"), deepLearning("39", "3.9", "11.8"),
	deepLearning("310", "3.10", "12.1"), deepLearning("312", "3.12", "12.4"), deepLearning("313", "3.13", "12.8"),
	framework("PyTorch", "PYTORCH", "37", "3.7", "15", "1.5"), framework("PyTorch", "PYTORCH", "37", "3.7", "16", "1.6"),
	framework("PyTorch", "PYTORCH", "37", "3.7", "17", "1.7"), framework("PyTorch", "PYTORCH", "38", "3.8", "17", "1.7"),
	framework("PyTorch", "PYTORCH", "38", "3.8", "18", "1.8"), framework("PyTorch", "PYTORCH", "38", "3.8", "19", "1.9"),
	framework("PyTorch", "PYTORCH", "38", "3.8", "110", "1.10"), framework("PyTorch", "PYTORCH", "39", "3.9", "112", "1.12"),
	framework("PyTorch", "PYTORCH", "39", "3.9", "113", "1.13"), framework("PyTorch", "PYTORCH", "39", "3.9", "20", "2.0"),
	framework("TensorFlow", "TENSORFLOW", "37", "3.7", "114", "1.14"), framework("TensorFlow", "TENSORFLOW", "37", "3.7", "22", "2.2"),
	framework("TensorFlow", "TENSORFLOW", "37", "3.7", "23", "2.3"), framework("TensorFlow", "TENSORFLOW", "38", "3.8", "24", "2.4"),
	framework("TensorFlow", "TENSORFLOW", "38", "3.8", "25", "2.5"), framework("TensorFlow", "TENSORFLOW", "38", "3.8", "26", "2.6"),
	framework("TensorFlow", "TENSORFLOW", "39", "3.9", "28", "2.8"), framework("TensorFlow", "TENSORFLOW", "39", "3.9", "29", "2.9"),
	framework("TensorFlow", "TENSORFLOW", "39", "3.9", "210", "2.10"), framework("TensorFlow", "TENSORFLOW", "39", "3.9", "211", "2.11"),
	framework("TensorFlow", "TENSORFLOW", "39", "3.9", "212", "2.12"),
	framework("MXNet", "MXNET", "37", "3.7", "16", "1.6"), framework("MXNet", "MXNET", "38", "3.8", "17", "1.7"),
	framework("MXNet", "MXNET", "38", "3.8", "18", "1.8"), framework("MXNet", "MXNET", "39", "3.9", "19", "1.9"),
	{ID: customEnvironment, Name: "Custom Image", Framework: "Custom"},
}

func deepLearning(short, python, cuda string) environment {
	id := "DEEPLEARNING_PY" + short
	return environment{id, "Deep Learning - Python " + python, "Deep Learning", python, "", cuda, "proximl/" + id}
}

func framework(name, prefix, shortPython, python, shortVersion, version string) environment {
	id := prefix + "_PY" + shortPython + "_" + shortVersion
	return environment{id, name + " " + version + " - Python " + python, name, python, version, "11.1", "proximl/" + id}
}

func environmentExists(id string) bool {
	return slices.ContainsFunc(environments, func(e environment) bool { return e.ID == id })
}

func (s *Server) listEnvironments(*call) (any, error) { return environments, nil }
