package proximltest

import "math"

// amount counts money exactly: one is a thousandth of a credit per hour, for one millisecond.
// The sum of what jobs cost is what their owner lost, to the last digit.
type amount int64

const (
	milliCredits    = 1000                          // prices are whole thousandths of a credit per hour
	amountPerCredit = milliCredits * 60 * 60 * 1000 // thousandths x milliseconds per hour
)

func amountOf(credits float64) amount { return amount(math.Round(credits * amountPerCredit)) }

func (a amount) credits() float64 { return float64(a) / amountPerCredit }

// meter is an account's balance and how fast it falls. It is also the part of an account that has a next step: running out.
type meter struct {
	nextStep
	Balance amount    `json:"balance"`
	Rate    int64     `json:"rate"` // of all the account's billed jobs, in thousandths of a credit per hour
	AsOf    timestamp `json:"as_of"`
}

// settle brings the balance up to now.
func (m *meter) settle(now timestamp) {
	m.Balance -= amount(m.Rate * int64(now-m.AsOf))
	m.AsOf = now
}

// bill is what one job costs and has cost.
type bill struct {
	Rate    int64     `json:"rate"` // thousandths of a credit per hour, of all workers
	Charged amount    `json:"charged"`
	Since   timestamp `json:"since,omitzero"` // set while the job is being charged
}

// at returns what the job has cost by then.
func (b bill) at(now timestamp) amount {
	if b.Since == 0 {
		return b.Charged
	}
	return b.Charged + amount(b.Rate*int64(now-b.Since))
}

// charge starts or ends the charging of a job to its project's owner.
func (s *Server) charge(j *job, on bool) {
	if on == (j.Bill.Since != 0) {
		return
	}
	payer := s.payer(j.ProjectID)
	payer.settle(s.now)
	if on {
		j.Bill.Since = s.now
		payer.Rate += j.Bill.Rate
	} else {
		j.Bill.Charged = j.Bill.at(s.now)
		j.Bill.Since = 0
		payer.Rate -= j.Bill.Rate
	}
	s.watchBalance(payer)
}

// payer returns the account that a project's compute is charged to: its owner's.
func (s *Server) payer(projectID string) *account {
	p, _ := s.projects.get(projectID)
	a, _ := s.accounts.get(p.Owner)
	return a
}

// watchBalance plans the moment at which a settled balance will be used up.
func (s *Server) watchBalance(a *account) {
	if a.Rate == 0 {
		s.agenda.schedule(a, 0)
		return
	}
	left := max(int64(a.Balance), 0)
	s.agenda.schedule(a, a.AsOf+timestamp((left+a.Rate-1)/a.Rate))
}

// step happens when the balance is used up: what the account pays for stops.
func (a *account) step(s *Server) {
	a.settle(s.now)
	for _, j := range s.jobs.rows {
		if j.Bill.Since != 0 && s.payer(j.ProjectID) == a {
			s.enter(j, statusStopping)
		}
	}
}
