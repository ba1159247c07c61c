package proximltest

import (
	"archive/zip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	logBucket  = "trainml-jobs-local" // of the store that log archives are in, which has a host of its own in the real service
	logURLLife = time.Hour            // Uncertain.
	awsTime    = "20060102T150405Z"
)

func (s *Server) logArchiveRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /"+logBucket+"/{id}/logs/{file}", s.serveLogArchive)
	mux.HandleFunc("GET /"+logBucket+"/{id}/logs/{worker}/{file}", s.serveLogArchive)
}

// logURL returns where a log archive is, for anyone who has the URL. The file's name is the entity's, with _ for spaces.
func (s *Server) logURL(folder, name string) string {
	path := "/" + logBucket + "/" + folder + "/" + url.PathEscape(strings.ReplaceAll(fileName(name), "/", "_")+".zip")
	signed := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Date": {s.now.time().Format(awsTime)},
		"X-Amz-Expires": {"3600"}, "X-Amz-SignedHeaders": {"host"},
	}
	signed.Set("X-Amz-Signature", s.signLogURL(path, signed.Get("X-Amz-Date")))
	return s.URL + path + "?" + signed.Encode()
}

func (s *Server) signLogURL(path, date string) string {
	mac := hmac.New(sha256.New, s.logKey)
	mac.Write([]byte(path + "\n" + date))
	return hex.EncodeToString(mac.Sum(nil))
}

// storeProblem is an error of the store that log archives are in.
type storeProblem struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

func writeStoreProblem(w http.ResponseWriter, status int, code, message string) {
	text, _ := xml.Marshal(storeProblem{Code: code, Message: message})
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	w.Write([]byte(xml.Header))
	w.Write(text)
}

// serveLogArchive sends a zip of the log so far of a job's worker, or of a dataset, model, checkpoint or volume.
// Uncertain: the name of the file in it, and that an archive is there before the log has ended.
func (s *Server) serveLogArchive(w http.ResponseWriter, r *http.Request) {
	date := r.URL.Query().Get("X-Amz-Date")
	signature := s.signLogURL(r.URL.EscapedPath(), date)
	if !hmac.Equal([]byte(signature), []byte(r.URL.Query().Get("X-Amz-Signature"))) {
		writeStoreProblem(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return
	}
	if made, err := time.Parse(awsTime, date); err != nil || s.clock.Now().Sub(made) >= logURLLife {
		writeStoreProblem(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	}
	stream := r.PathValue("worker")
	lines, found := s.logLines(r.PathValue("id"), stream)
	if !found {
		writeStoreProblem(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	out := zip.NewWriter(w)
	name := strings.TrimSuffix(r.PathValue("file"), ".zip") + ".log"
	file, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err == nil {
		for _, line := range lines {
			if stream == "" || line.Stream == stream {
				file.Write([]byte(line.Text))
			}
		}
	}
	out.Close()
}

// logLines returns the log of an entity so far.
func (s *Server) logLines(id, stream string) ([]logLine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	var l *entityLog
	if j, found := s.jobs.get(id); found && stream != "" {
		l = &j.Log
	} else if e, found := s.collections.get(id); found && stream == "" {
		l = &e.Log
	} else {
		return nil, false
	}
	l.advance(s.now, s.settings.logLimit)
	lines, _ := l.part(l.dropped, l.end(), len(l.Lines))
	return slices.Clone(lines), true
}
