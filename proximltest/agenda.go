package proximltest

import "container/heap"

// An agenda lists what will happen and when. Nothing ticks: looking at the service carries out all that has fallen due, in order,
// each thing at the time that it was due. So stepping the clock, speeding it up and waiting all lead to the same states.
// Only where something outside depends on it, a log socket or a Runner, somebody waits for what is due and looks.
type agenda struct {
	entries appointments
	count   int
	changed signal // given with every plan, and by whatever else those have to know who wait for something to happen
}

// scheduled is an entity with a next step.
type scheduled interface {
	planned() *nextStep
	// step carries out what is due at the server's time.
	step(s *Server)
}

// nextStep is the part of an entity that says when that step is due.
type nextStep struct {
	Due timestamp `json:"due,omitzero"`
}

func (n *nextStep) planned() *nextStep { return n }

type appointment struct {
	at    timestamp
	order int // first planned, first served
	with  scheduled
}

// schedule plans the next step of an entity; a zero time cancels it.
func (a *agenda) schedule(with scheduled, at timestamp) {
	a.changed.give()
	with.planned().Due = at
	if at == 0 {
		return
	}
	a.count++
	heap.Push(&a.entries, appointment{at: at, order: a.count, with: with})
}

// earliest returns when something may fall due next, or zero for never.
func (a *agenda) earliest() timestamp {
	if len(a.entries) == 0 {
		return 0
	}
	return a.entries[0].at
}

// next takes the first appointment that is due by now. Those whose entity has other plans meanwhile are dropped.
func (a *agenda) next(now timestamp) (appointment, bool) {
	for len(a.entries) > 0 && a.entries[0].at <= now {
		first := heap.Pop(&a.entries).(appointment)
		if first.with.planned().Due == first.at {
			first.with.planned().Due = 0
			return first, true
		}
	}
	return appointment{}, false
}

// appointments implements heap.Interface.
type appointments []appointment

func (l appointments) Len() int      { return len(l) }
func (l appointments) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *appointments) Push(x any)   { *l = append(*l, x.(appointment)) }
func (l appointments) Less(i, j int) bool {
	if l[i].at != l[j].at {
		return l[i].at < l[j].at
	}
	return l[i].order < l[j].order
}

func (l *appointments) Pop() any {
	last := (*l)[len(*l)-1]
	(*l)[len(*l)-1] = appointment{} // let go of the entity
	*l = (*l)[:len(*l)-1]
	return last
}
