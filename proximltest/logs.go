package proximltest

import (
	"slices"
	"strings"
)

// dataWorker is the stream of what moves a job's data, and of everything in the log of a dataset, model, checkpoint or volume.
// Uncertain: the latter.
const dataWorker = "data_worker"

// logLine is a line as it is kept.
type logLine struct {
	Time   timestamp `json:"time"`
	Stream string    `json:"stream"` // a worker's id, or dataWorker
	Text   string    `json:"text"`   // with its line end
}

// lineCost is what a line takes in memory beside its text.
const lineCost = 64

// entityLog is the log of a job, dataset, model, checkpoint or volume, in the order of time. It is bounded: the oldest lines make room.
type entityLog struct {
	Lines   []logLine `json:"lines,omitzero"`
	Planned []logLine `json:"planned,omitzero"` // in the order of time; they become lines when somebody looks

	over    bool  // no more lines will come, unless the entity goes on
	dropped int64 // how many lines have made room
	size    int64 // bytes
}

// end is the number of the line to come. Lines are numbered from 0 on for as long as the service runs.
func (l *entityLog) end() int64 { return l.dropped + int64(len(l.Lines)) }

// add appends a line. The newest line is kept however long it is.
func (l *entityLog) add(line logLine, limit int64) {
	line.Text = strings.ToValidUTF8(strings.TrimSuffix(line.Text, "\n"), "\uFFFD") + "\n"
	l.Lines = append(l.Lines, line)
	l.size += lineCost + int64(len(line.Text))
	for l.size > limit && len(l.Lines) > 1 {
		l.size -= lineCost + int64(len(l.Lines[0].Text))
		l.Lines[0] = logLine{} // let go of the text
		l.Lines = l.Lines[1:]
		l.dropped++
	}
}

// advance adds the planned lines that are due.
func (l *entityLog) advance(now timestamp, limit int64) {
	for len(l.Planned) > 0 && l.Planned[0].Time <= now {
		line := l.Planned[0]
		l.Planned = l.Planned[1:]
		l.add(line, limit)
	}
}

// plan makes lines come later.
func (l *entityLog) plan(lines []logLine) {
	l.Planned = append(l.Planned, lines...)
	slices.SortStableFunc(l.Planned, func(a, b logLine) int { return int(a.Time - b.Time) })
}

// part returns up to most lines from a number on and before another. It returns false when the first of them is not there any more.
func (l *entityLog) part(from, before int64, most int) ([]logLine, bool) {
	before = min(before, l.end(), from+int64(most))
	if before <= from {
		return nil, true
	}
	if from < l.dropped {
		return nil, false
	}
	return l.Lines[from-l.dropped : before-l.dropped], true
}

// restore completes a log that was loaded.
func (l *entityLog) restore(over bool) {
	l.over = over
	for _, line := range l.Lines {
		l.size += lineCost + int64(len(line.Text))
	}
}

// note brings a log up to date when its entity enters a status: what was planned beyond the status before does not come.
func (s *Server) note(l *entityLog, over bool) {
	l.advance(s.now, s.settings.logLimit)
	l.Planned, l.over = nil, over
}

// logOf finds the log of an entity that a call names, by the rules of the API.
func (s *Server) logOf(c *call, kind, id string) (*entityLog, error) {
	if kind == kindJob {
		j, err := s.jobOf(c, id)
		if err != nil {
			return nil, err
		}
		return &j.Log, nil
	}
	if findCollection(publicCollections, kind, id) != nil {
		return &entityLog{over: true}, nil // the public ones are shared by all services of a process
	}
	e, err := s.own(c, kind, id)
	if err != nil {
		return nil, err
	}
	return &e.Log, nil
}
