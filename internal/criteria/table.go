package main

// criterion is a row of the table.
type criterion struct {
	number int
	what   string
	good   string
	tests  []string // all of which must pass; a benchmark's limit is one of its own
	figure []measure
}

// measure is a figure that a test tells as an attribute, or a benchmark as a
// metric.
type measure struct{ test, key string }

const (
	peakHeap    = "BenchmarkPeakHeap"
	peakMetric  = "peak-MiB"
	maxPeakHeap = 40 // MiB
	minCoverage = 90 // percent
)

// raced are run once more, under the race detector.
var raced = []string{"TestAHundredCallersShareOneLogin", "TestACallerThatGivesUpHurtsNoOther"}

// table lists what the project is held to.
var table = []criterion{
	{
		1, "core: lines of code; lines of its largest file in all", "<= 900; <= 450",
		[]string{"TestCriterionCore"},
		[]measure{{"TestCriterionCore", "code"}, {"TestCriterionCore", "largest"}},
	},
	{
		2, "lines in the body of a service's method: median; 90th percentile", "<= 4; <= 10",
		[]string{"TestCriterionMethods"},
		[]measure{{"TestCriterionMethods", "median"}, {"TestCriterionMethods", "p90"}},
	},
	{
		3, "third-party modules in the build of a program that imports the root package", "<= 8",
		[]string{"TestCriterionModules"},
		[]measure{{"TestCriterionModules", "modules"}},
	},
	{
		4, "a bad option fails in New; any order; no network; the caller's http.Client stays as it is", "all",
		[]string{
			"TestNewRefusesBadOptions", "TestNewDoesNotDependOnTheOrderOfItsOptions", "TestNewUsesNoNetworkAndStartsNoGoroutine",
			"TestTheCallersHTTPClientIsUsedAndNotChanged", "TestTheDefaultHTTPClientIsNotChanged",
		},
		nil,
	},
	{
		5, "methods of services with ctx first", "all",
		[]string{"TestSignatures"},
		[]measure{{"TestSignatures", "methods"}},
	},
	{
		6, "a ctx of 50 ms against Retry-After: 2", "back by the deadline, with the service's error",
		[]string{"TestAWaitThatWouldOutlastTheDeadline"},
		nil,
	},
	{
		7, "POSTs sent on 500; timeout; reset", "1; 1; 1, each ErrOutcomeUnknown",
		[]string{"TestWhatIsRepeated", "TestConnectionsThatBreak", "TestTheOutcomeStaysUnknown", "TestFaultSchedules"},
		[]measure{{"TestWhatIsRepeated/500_POST", "requests"}, {"TestWhatIsRepeated/timeout_POST", "requests"}, {"TestWhatIsRepeated/reset_POST", "requests"}},
	},
	{
		8, "GETs sent on reset; 503", "> 1; > 1",
		[]string{"TestWhatIsRepeated", "TestConnectionsThatBreak"},
		[]measure{{"TestWhatIsRepeated/reset_GET", "requests"}, {"TestWhatIsRepeated/503_GET", "requests"}},
	},
	{
		9, "Retry-After of 86400, 1.5, a date", "clamped or failed at once, all read",
		[]string{"TestRetryAfter", "TestLongestWaitCanBeChanged"},
		nil,
	},
	{
		10, "an error says method, path, status and request id: JSON, HTML, empty body", "all 4 each",
		[]string{"TestTextsOfRefusals", "TestRequestIDs"},
		nil,
	},
	{
		11, "errors.Is with a sentinel and errors.As with the detail, on the same error", "yes",
		[]string{"TestSentinelsAndDetailsOfTheSameError"},
		nil,
	},
	{
		12, "bodies left open; goroutines left", "0; 0",
		[]string{"TestWhatIsRepeated", "TestConnectionsThatBreak", "TestAllStopsWhenTheLoopDoes", "TestFaultSchedules", "TestLogsStop", "attempt.TestAFailedRequestIsEnded", "attempt.TestClosingTheBodyEndsTheRequest"},
		nil,
	},
	{
		13, "a canary secret in errors, logs, %+v, redirects", "0 hits",
		[]string{
			"TestEveryMethodShowsNoSecret", "TestTransfersAndLogsShowNoSecret", "TestCallsShowNoSecret", "TestLoginsShowNoSecret", "TestTokensShowNoSecret", "TestSettingsShowNoSecret", "TestEntitiesHideSecrets",
			"TestRedirectsToAnotherHostAreNotFollowed", "transfer.TestTokenIsNotShown",
		},
		nil,
	},
	{
		14, `ids "", ".", "..", "a/b", "a?b#c"`, "refused or escaped by every method",
		[]string{"TestIDs"},
		[]measure{{"TestIDs", "parameters"}},
	},
	{15, "unset, zero, null, cleared: the JSON of requests", "all", []string{"TestValuesOfRequests"}, nil},
	{
		16, "an unknown value passes; an unknown field is kept; any endpoint can be called", "yes; yes; yes",
		[]string{"TestEntitiesKeepWhatTheyDoNotKnow", "TestEveryPartKeepsWhatItDoesNotKnow", "TestUnknownValuesPassThrough", "TestMethodsOfDo"},
		nil,
	},
	{17, `times "", without a zone, since 1970, null; fuzzed`, "all", []string{"TestTimeIsRead", "TestTimeIsWritten", "FuzzTime"}, nil},
	{
		18, "iterators: left early; where the error comes; the caller's options", "all",
		[]string{"TestAllStopsWhenTheLoopDoes", "TestAllYieldsTheErrorLastAndOnce", "TestIteratorsLeaveTheCallersOptionsAlone"},
		nil,
	},
	{
		19, "waiting: skipped status, failed status, ctx, pauses, progress", "all",
		[]string{"TestWaitForSkippedStatus", "TestWaitForStatusError", "TestWaitForEndsWithContext", "TestWaitForPauses", "TestWaitForOnPoll"},
		nil,
	},
	{
		20, "logins of 100 goroutines with an expired token, under -race; one that gives up hurts no other", "1; yes",
		raced,
		[]measure{{"TestAHundredCallersShareOneLogin", "logins"}},
	},
	{
		21, "upload of 1 GiB: peak heap over the start, MiB", "< 40",
		[]string{peakHeap},
		[]measure{{peakHeap, peakMetric}},
	},
	{
		22, "lines of tests to lines of code; fuzz targets; services without an Example; coverage", ">= 1; >= 6; 0; >= 90%",
		[]string{"TestCriterionTests", coverage},
		[]measure{{"TestCriterionTests", "ratio"}, {"TestCriterionTests", "fuzz"}, {"TestCriterionTests", "lacking"}, {coverage, coverage}},
	},
	{
		23, "exported names without a doc comment; methods that do not name their endpoint", "0; 0",
		[]string{"TestEveryExportedNameHasADocComment", "TestDocCommentsNameTheEndpoint"},
		nil,
	},
	{24, "CI: lint, race, API diff, tidy and generated files", "all", []string{"TestCriterionCI"}, nil},
}
