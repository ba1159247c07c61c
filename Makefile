# Thin: the checks are in .ci/run, so that there is one place that says what they are.

.PHONY: test lint fmt long oracle bench vuln criteria api api-baseline cover ci

test: ## what the README says
	go test -race ./...

lint: ## every check that is not a test
	.ci/run format vet staticcheck tidy

fmt:
	git ls-files -z '*.go' | xargs -0 go tool -modfile=tools/go.mod gofumpt -w

long: ## tests that take minutes: files with the build tag "long", names that begin with TestLong
	go test -tags long -run '^TestLong' -timeout 30m ./...

oracle: ## logins by AWS's own JavaScript client, from npm
	go test -tags oracle -run '^TestOracle' -count=1 ./proximltest -oracle.logins 300

bench:
	go test -run '^$$' -bench . -benchmem ./...

vuln: ## needs the Go vulnerability database, from the network
	go tool -modfile=tools/go.mod govulncheck ./...

criteria: ## the table of what the project is held to, with its figures
	go run ./internal/criteria

api: ## incompatible changes of the exported API since the baseline
	.ci/run api

api-baseline: ## record the API as the baseline: with a release, or a change that CHANGELOG.md names
	go tool -modfile=tools/go.mod apidiff -m -w .ci/api.export github.com/proximl/proximl-go

cover:
	go test -coverpkg=./... -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -n 1

ci:
	.ci/run
