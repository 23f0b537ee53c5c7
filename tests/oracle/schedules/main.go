// Reads schedules as the API server reads those of a CronJob, for the differential test beside it; or, asked for `zones`,
// lists the time zones that Go brings along, as sdk/src/cron/zones.txt has them.
//
// On standard input stand schedules as JSON strings, one a line. For each, a line goes to standard output: `refused`,
// `never` or `comes`.
package main

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "zones" {
		zones(os.Args[2])
		return
	}
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var schedule string
		if err := json.Unmarshal(in.Bytes(), &schedule); err != nil {
			panic(err)
		}
		fmt.Fprintln(out, decide(schedule))
	}
}

// decide is validateScheduleFormat of k8s.io/kubernetes/pkg/apis/batch/validation, for a CronJob that is made.
func decide(schedule string) (decision string) {
	defer func() {
		if recover() != nil {
			decision = "refused"
		}
	}()
	parsed, err := cron.ParseStandard(schedule)
	if err != nil || strings.Contains(schedule, "TZ") {
		return "refused"
	}
	if parsed.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return "never"
	}
	return "comes"
}

// zones writes the names in lib/time/zoneinfo.zip of Go's own folder, by the part before the last slash.
func zones(root string) {
	script, err := os.ReadFile(filepath.Join(root, "lib", "time", "update.bash"))
	if err != nil {
		panic(err)
	}
	release := regexp.MustCompile(`(?m)^DATA=(\S+)$`).FindSubmatch(script)[1]
	archive, err := zip.OpenReader(filepath.Join(root, "lib", "time", "zoneinfo.zip"))
	if err != nil {
		panic(err)
	}
	areas := map[string][]string{}
	for _, file := range archive.File {
		if area, place := path.Split(file.Name); place != "" {
			areas[area] = append(areas[area], place)
		}
	}
	var names []string
	for area := range areas {
		names = append(names, area)
	}
	sort.Strings(names)
	fmt.Printf("# IANA time zone database %s, as %s brings it. Made by `make time-zones`.\n", release, runtime.Version())
	for _, area := range names {
		sort.Strings(areas[area])
		fmt.Printf("%s: %s\n", strings.TrimSuffix(area, "/"), strings.Join(areas[area], " "))
	}
}
