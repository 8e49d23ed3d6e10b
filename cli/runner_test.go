package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// script is one file of testdata under way. The language is the part of rogpeppe/go-internal/testscript that is used
// here: a command a line, # for comments, 'quoted words' in which nothing is expanded, $VAR elsewhere, and at the end
// the files of the script behind "-- name --". Commands:
//
//	stdout RE, stderr RE     the last run wrote something that matches; with ! before it, nothing that does
//	cmp FILE FILE            equal contents; the first may be stdout or stderr
//	cp FILE FILE             the first may be stdout or stderr
//	exists FILE              with ! before it: is not there
//	env NAME=VALUE           set a variable
//	capture NAME RE          set a variable to the first group of what the last run wrote to standard output
//
// and those that the test adds.
type script struct {
	t              *testing.T
	dir            string
	env            map[string]string
	stdout, stderr string
	commands       map[string]command
	site           *site
}

type command func(s *script, neg bool, args []string)

// runScript runs one file.
func runScript(t *testing.T, name string, s *script) {
	b, err := os.ReadFile(name)
	check(t, err)
	text, files, _ := strings.Cut("\n"+string(b), "\n-- ")
	s.layFiles(files)
	for i, line := range strings.Split(text, "\n") {
		if words := s.words(line); len(words) > 0 {
			s.line(fmt.Sprintf("%s:%d", name, i), words)
		}
	}
}

func (s *script) line(where string, words []string) {
	neg := words[0] == "!"
	if neg {
		words = words[1:]
	}
	run := s.commands[words[0]]
	if run == nil {
		run = builtIn[words[0]]
	}
	if run == nil {
		s.t.Fatalf("%s: unknown command %q", where, words[0])
	}
	failed := true
	defer func() {
		if failed {
			s.t.Logf("%s: %s\nstdout:\n%s\nstderr:\n%s", where, strings.Join(words, " "), s.stdout, s.stderr)
		}
	}()
	run(s, neg, words[1:])
	failed = false
}

// layFiles writes the files at the end of a script.
func (s *script) layFiles(text string) {
	for text != "" {
		name, rest, _ := strings.Cut(text, " --\n")
		content, next, _ := strings.Cut("\n"+rest, "\n-- ")
		check(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
		check(s.t, os.WriteFile(s.path(name), []byte(strings.TrimPrefix(content, "\n")), 0o644))
		text = next
	}
}

// words splits a line, with quotes and variables.
func (s *script) words(line string) (words []string) {
	var word strings.Builder
	started := false
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			word.WriteString(part)
			started = true
			continue
		}
		part, comment := cutComment(part)
		for j, field := range strings.Split(os.Expand(part, s.getenv), " ") {
			if j > 0 && (started || word.Len() > 0) {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
			word.WriteString(field)
		}
		if comment {
			break
		}
	}
	if started || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

// cutComment drops what follows a # at the beginning of a word.
func cutComment(s string) (string, bool) {
	if at := regexp.MustCompile(`(^|\s)#`).FindStringIndex(s); at != nil {
		return s[:at[0]], true
	}
	return s, false
}

func (s *script) getenv(name string) string { return s.env[name] }

// read returns a file of the script, or what the last run wrote.
func (s *script) read(name string) string {
	switch name {
	case "stdout":
		return s.stdout
	case "stderr":
		return s.stderr
	}
	b, err := os.ReadFile(s.path(name))
	check(s.t, err)
	return string(b)
}

func (s *script) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

var builtIn = map[string]command{
	"stdout": func(s *script, neg bool, args []string) { s.match(s.stdout, neg, args[0]) },
	"stderr": func(s *script, neg bool, args []string) { s.match(s.stderr, neg, args[0]) },
	"env": func(s *script, _ bool, args []string) {
		name, value, _ := strings.Cut(args[0], "=")
		s.env[name] = value
	},
	"capture": func(s *script, _ bool, args []string) {
		m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(s.stdout)
		if len(m) < 2 {
			s.t.Fatalf("pattern %q", args[1])
		}
		s.env[args[0]] = m[1]
	},
	"cmp": func(s *script, neg bool, args []string) {
		if (s.read(args[0]) == s.read(args[1])) == neg {
			s.t.Fatalf("%s and %s compare other than said", args[0], args[1])
		}
	},
	"cp": func(s *script, _ bool, args []string) {
		check(s.t, os.WriteFile(s.path(args[1]), []byte(s.read(args[0])), 0o600))
	},
	"exists": func(s *script, neg bool, args []string) {
		if _, err := os.Stat(s.path(args[0])); (err == nil) == neg {
			s.t.Fatalf("%s: %v", args[0], err)
		}
	},
}

func (s *script) match(text string, neg bool, pattern string) {
	if regexp.MustCompile("(?m)"+pattern).MatchString(text) == neg {
		s.t.Fatalf("pattern %q", pattern)
	}
}
