package proximltest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGPUTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.srv.Account("me@example.com")
	list := w.send(me, "GET", "/project/"+me.Project+"/gputypes", nil).list()
	assert.Equal(t, []any{
		"gtx1060", "gtx1080ti", "rtx2060s", "rtx2070s", "rtx2080ti", "rtx3090", "p100", "t4", "v100", "a100", "a100xl", "a6000", "a4000", "cpu",
	}, values(list, "abbrv"))
	assert.Contains(t, list, object{"id": "a100-id", "name": "A100", "abbrv": "a100", "price": object{"min": 2.78, "max": 4.9}})
	assert.Contains(t, list, object{"id": "1060-id", "name": "GTX 1060", "abbrv": "gtx1060", "price": object{"min": 0.1, "max": 0.1}})
	assert.Equal(t, list, w.send(me, "PATCH", "/project/"+me.Project+"/gputypes", nil).list())
	w.send(me, "GET", "/project/unknown/gputypes", nil).fails(http.StatusNotFound, "Not Found")
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.send(w.srv.Account("me@example.com"), "GET", "/job/environments", nil).list()
	ids := values(list, "id")
	for _, id := range []string{
		"DEEPLEARNING_PY37", "DEEPLEARNING_PY39", "DEEPLEARNING_PY310", "DEEPLEARNING_PY312", "DEEPLEARNING_PY313",
		"PYTORCH_PY39_20", "PYTORCH_PY39_113", "PYTORCH_PY39_112", "TENSORFLOW_PY39_212", "TENSORFLOW_PY39_211", "TENSORFLOW_PY39_210",
		"MXNET_PY39_19", "CUSTOM",
	} {
		assert.Contains(t, ids, id)
	}
	assert.Contains(t, list, object{
		"id": "PYTORCH_PY38_17", "framework": "PyTorch", "py_version": "3.8", "version": "1.7", "cuda_version": "11.1",
		"name": "PyTorch 1.7 - Python 3.8", "image": "proximl/PYTORCH_PY38_17",
	})
	deepLearning := object{
		"id": "DEEPLEARNING_PY310", "framework": "Deep Learning", "py_version": "3.10", "cuda_version": "12.1",
		"name": "Deep Learning - Python 3.10", "image": "proximl/DEEPLEARNING_PY310",
	}
	assert.Contains(t, list, deepLearning, "without a version")
}
