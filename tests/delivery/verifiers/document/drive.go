// Hands requests to the code that docs/verify.md has for Go.
//
// Usage: go run drive.go verify.go < cases.json
// Prints a line for each case: verified or refused.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

type request struct {
	By      string
	Secret  string
	Headers map[string]string
	Body    []byte
}

func main() {
	var requests []request
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		panic(err)
	}
	by := map[string]func(string, http.Header, []byte) bool{"standard": Verify, "hopx": VerifyHopx}
	for _, request := range requests {
		header := http.Header{}
		for name, value := range request.Headers {
			header.Set(name, value)
		}
		if by[request.By](request.Secret, header, request.Body) {
			fmt.Println("verified")
		} else {
			fmt.Println("refused")
		}
	}
}
