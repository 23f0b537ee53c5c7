// Reads texts as kubectl and the API server read them, for the differential test beside it.
//
// On standard input stand texts, each with its length before it (four bytes, the least significant first). For each, a
// line of JSON goes to standard output: a list of what the text's documents are, `{"json": value}` or `{"error": why}`.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/yaml"
)

type answer struct {
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	defer out.Flush()
	for {
		// Who asks one by one waits for each answer.
		if in.Buffered() == 0 {
			out.Flush()
		}
		var length uint32
		if err := binary.Read(in, binary.LittleEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(in, text); err != nil {
			panic(err)
		}
		line, err := json.Marshal(read(text))
		if err != nil {
			panic(err)
		}
		out.Write(line)
		out.WriteByte('\n')
	}
}

// read cuts a text into documents as YAMLReader of k8s.io/apimachinery does: at lines that begin with `---`, on which
// nothing but a comment may follow.
func read(text []byte) []answer {
	answers := []answer{}
	var document bytes.Buffer
	flush := func() {
		if document.Len() > 0 {
			answers = append(answers, convert(document.Bytes()))
			document.Reset()
		}
	}
	lines := bufio.NewReader(bytes.NewReader(text))
	for {
		line, err := readLine(lines)
		if err != nil {
			flush()
			return answers
		}
		if rest, isMarker := bytes.CutPrefix(line, []byte("---")); isMarker {
			rest = bytes.TrimSpace(rest)
			if len(rest) > 0 && rest[0] != '#' {
				return append(answers, answer{Error: "invalid Yaml document separator"})
			}
			flush()
			continue
		}
		document.Write(line)
		document.WriteByte('\n')
	}
}

// readLine gives a line without its end, LF or CR LF, however long it is.
func readLine(lines *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, isPrefix, err := lines.ReadLine()
		line = append(line, part...)
		if err != nil || !isPrefix {
			return line, err
		}
	}
}

func convert(document []byte) (result answer) {
	// Some texts make the decoder panic; kubectl ends there.
	defer func() {
		if cause := recover(); cause != nil {
			result = answer{Error: fmt.Sprint("panic: ", cause)}
		}
	}()
	value, err := yaml.YAMLToJSON(bytes.Clone(document))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{JSON: value}
}
