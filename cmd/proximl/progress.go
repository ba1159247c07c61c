package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/cmd/proximl/internal/output"
)

// The pauses of a wait, whose first looks a person watches.
const (
	minPoll = time.Second
	maxPoll = 30 * time.Second
)

const (
	barWidth  = 40 // at most
	timeWidth = 12 // room for the time behind the status
	underAll  = math.MaxInt
)

// progress shows at the foot of a terminal how far transfers are, and what is
// waited for. It is there from the first thing that it shows until end, and can
// begin again. Where nobody watches, it shows nothing.
type progress struct {
	stderr io.Writer
	shown  bool

	mu     sync.Mutex
	screen *mpb.Progress // nil: nothing is at the foot
	bars   map[string]*mpb.Bar
	line   *mpb.Bar // with the status
	status atomic.Pointer[string]
}

// transfers is for [proximl.ConnectOptions]. It is nil where nothing is shown,
// which saves the walk through what is uploaded.
func (p *progress) transfers() func(proximl.TransferProgress) {
	if !p.shown {
		return nil
	}
	return func(t proximl.TransferProgress) {
		name := t.What
		if t.Worker > 0 {
			name += " " + strconv.Itoa(t.Worker)
		}
		p.bar(name, t.Total).SetCurrent(t.Done)
	}
}

// waiting are the options of a wait, whose status line says the text of what was
// last seen.
func waiting[T any](p *progress, text func(*T) string) []proximl.WaitOption {
	return []proximl.WaitOption{
		proximl.PollBetween(minPoll, maxPoll),
		proximl.OnPoll(func(entity *T) { p.say(text(entity)) }),
	}
}

// say changes the status line.
func (p *progress) say(status string) {
	if !p.shown {
		return
	}
	status = output.Clean(status) + " "
	p.status.Store(&status)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line != nil {
		return
	}
	p.begin()
	p.line = p.screen.New(0, mpb.NopStyle(), mpb.BarPriority(underAll), mpb.PrependDecorators(
		decor.Any(func(s decor.Statistics) string {
			return output.CutMiddle(*p.status.Load(), s.AvailableWidth-timeWidth)
		}),
		decor.Elapsed(decor.ET_STYLE_GO),
	))
}

// bar returns the bar of a transfer. One whose total is not known only counts.
func (p *progress) bar(name string, total int64) *mpb.Bar {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bar := p.bars[name]; bar != nil {
		return bar
	}
	p.begin()
	filler, count := mpb.NopStyle(), decor.CurrentKibiByte("% .1f")
	if total > 0 {
		filler, count = mpb.BarStyle(), decor.CountersKibiByte("% .1f / % .1f")
	}
	p.bars[name] = p.screen.New(total, filler,
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), count),
		mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f")),
	)
	return p.bars[name]
}

func (p *progress) begin() {
	if p.screen == nil {
		p.screen, p.bars = mpb.New(mpb.WithOutput(p.stderr), mpb.WithWidth(barWidth)), map[string]*mpb.Bar{}
	}
}

// end leaves the bars as they are, and no status line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen == nil {
		return
	}
	p.home()
	for _, bar := range p.bars {
		bar.Abort(false)
	}
	if p.line != nil {
		p.line.Abort(true)
	}
	p.screen.Wait()
	p.screen, p.bars, p.line = nil, nil, nil
}

// Write writes lines to stderr, above what is shown.
func (p *progress) Write(lines []byte) (int, error) { return p.above(p.stderr).Write(lines) }

// above is a writer of lines to stdout or stderr that keeps clear of what is
// shown.
func (p *progress) above(w io.Writer) io.Writer { return &clearOf{p, w} }

type clearOf struct {
	*progress
	to io.Writer
}

func (w *clearOf) Write(lines []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.screen == nil || !isTerminal(w.to) {
		return w.to.Write(lines)
	}
	w.home()
	return w.screen.Write(lines)
}

// home goes back over the ^C that the terminal shows when it is pressed: what is
// at the foot is cleared from where the cursor is.
func (p *progress) home() { fmt.Fprint(p.stderr, "\r") }
