// Check verifies evidence with the code of Go's checksum database (golang.org/x/mod/sumdb).
//
//	check inclusion VKEY PROOF ENTRY       a tlog-proof@v1 file and the entry's bytes
//	check consistency VKEY OLD NEW PROOF   two signed checkpoints, and a hash in base64 a line
//
// It prints "holds" and exits 0, or says what does not hold and exits 1.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	switch os.Args[1] {
	case "inclusion":
		err = inclusion(os.Args[2], read(os.Args[3]), read(os.Args[4]))
	case "consistency":
		err = consistency(os.Args[2], read(os.Args[3]), read(os.Args[4]), read(os.Args[5]))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("holds")
}

func inclusion(vkey, proof, entry string) error {
	parts := strings.SplitN(proof, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := hashes(lines[2:])
	if err != nil {
		return err
	}
	size, root, err := head(vkey, parts[1])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, size, root, index, tlog.RecordHash([]byte(entry)))
}

func consistency(vkey, old, new, proof string) error {
	oldSize, oldRoot, err := head(vkey, old)
	if err != nil {
		return err
	}
	newSize, newRoot, err := head(vkey, new)
	if err != nil {
		return err
	}
	path, err := hashes(strings.Fields(proof))
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, newSize, newRoot, oldSize, oldRoot)
}

func head(vkey, signed string) (int64, tlog.Hash, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return string(data)
}
