# Every target only names a command that could be typed. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help build test race lint demo cover fuzz generate image ci clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build the static binary ./jobalertd
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o jobalertd ./cmd/jobalertd

test: ## run all tests; suites whose service is missing skip with a reason
	go test ./...

race: ## run all tests with the race detector (C compiler), PostgreSQL and Chromium required
	JOBALERTD_REQUIRE=postgres,chromium go test -race ./...

lint: ## format, vet and lint
	gofmt -l .
	go vet ./...
	golangci-lint run

demo: ## show the whole path on sample data, then stay up
	go run ./cmd/jobalertd demo

cover: ## write coverage to cover.out and name the least covered functions
	go test -coverprofile=cover.out ./...
	go tool cover -func=cover.out | sort -k3 -n | head -40

fuzz: ## fuzz one target: make fuzz PKG=./alerts/pay FUZZ=FuzzParse
	go test -run='^$$' -fuzz='^$(FUZZ)$$' -fuzztime=60s $(PKG)

generate: ## rebuild embedded data from the published packages (needs npm, apt-get)
	go generate ./...

image: ## build the container image jobalertd:latest
	docker build -t jobalertd .

ci: ## what runs for every push, on a clean clone
	.ci/run

clean: ## remove what build and cover made
	rm -f jobalertd cover.out
