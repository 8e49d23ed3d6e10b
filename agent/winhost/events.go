//go:build windows

package winhost

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What is read of the event logs about a failure.
const (
	mostEvents     = 20
	mostEventText  = 300  // bytes of one event
	mostEventBytes = 2000 // of all together: it travels with every report of the failure
)

// channels are the logs that deployments write to.
var channels = []string{"Microsoft-Windows-AppXDeploymentServer/Operational", "Microsoft-Windows-AppxPackaging/Operational"}

// withEvents adds to a message what the event logs have under the activity.
func withEvents(message, activity string) string {
	lines := excerpt(activity)
	if len(lines) == 0 {
		return message
	}
	text := "; Windows logged: " + strings.Join(lines, " / ")
	if len(text) > mostEventBytes {
		text = text[:mostEventBytes] + "…"
	}
	return message + text
}

// excerpt returns the newest events of an activity, oldest first. A log that cannot be read gives none: the failure
// itself is told without it.
func excerpt(activity string) []string {
	if activity == "" || strings.Trim(activity, "{}0-") == "" {
		return nil
	}
	var lines []string
	for _, channel := range channels {
		lines = append(lines, eventsOf(channel, fmt.Sprintf("*[System[Correlation[@ActivityID='%s']]]", activity))...)
	}
	return lines[max(0, len(lines)-mostEvents):]
}

// Flags of EvtQuery and EvtRender (winevt.h).
const (
	evtQueryChannelPath      = 0x1
	evtQueryReverseDirection = 0x200
	evtRenderEventXML        = 1
	evtFormatMessageEvent    = 1
)

type eventAPI struct{ query, next, render, publisher, format, close *windows.LazyProc }

func loadEvents() (eventAPI, error) {
	dll := windows.NewLazySystemDLL("wevtapi.dll")
	api := eventAPI{dll.NewProc("EvtQuery"), dll.NewProc("EvtNext"), dll.NewProc("EvtRender"),
		dll.NewProc("EvtOpenPublisherMetadata"), dll.NewProc("EvtFormatMessage"), dll.NewProc("EvtClose")}
	for _, p := range []*windows.LazyProc{api.query, api.next, api.render, api.publisher, api.format, api.close} {
		if err := p.Find(); err != nil {
			return api, err
		}
	}
	return api, nil
}

// eventsOf reads the newest events of a channel that the query selects, oldest first.
func eventsOf(channel, query string) []string {
	api, err := loadEvents()
	if err != nil {
		return nil
	}
	path, err := windows.UTF16PtrFromString(channel)
	if err != nil {
		return nil
	}
	q, err := windows.UTF16PtrFromString(query)
	if err != nil {
		return nil
	}
	result, _, _ := api.query.Call(0, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(q)), evtQueryChannelPath|evtQueryReverseDirection)
	if result == 0 {
		return nil
	}
	defer func() { _, _, _ = api.close.Call(result) }()
	var lines []string
	for len(lines) < mostEvents {
		var event uintptr
		var n uint32
		ok, _, _ := api.next.Call(result, 1, uintptr(unsafe.Pointer(&event)), 1000, 0, uintptr(unsafe.Pointer(&n)))
		if ok == 0 || n == 0 {
			break
		}
		lines = append([]string{api.line(event)}, lines...)
		_, _, _ = api.close.Call(event)
	}
	return lines
}

// event is what is read of an event's XML.
type event struct {
	System struct {
		Provider struct {
			Name string `xml:"Name,attr"`
		} `xml:"Provider"`
		EventID int `xml:"EventID"`
	} `xml:"System"`
	Data []string `xml:"EventData>Data"`
}

// line words an event: by its provider's text, else by its data.
func (a eventAPI) line(handle uintptr) string {
	text := a.text(func(buf *uint16, size uint32, used *uint32) bool {
		var properties uint32
		ok, _, _ := a.render.Call(0, handle, evtRenderEventXML, uintptr(size)*2, uintptr(unsafe.Pointer(buf)),
			uintptr(unsafe.Pointer(used)), uintptr(unsafe.Pointer(&properties)))
		*used /= 2
		return ok != 0
	})
	var e event
	if err := xml.Unmarshal([]byte(text), &e); err != nil {
		return "an event that cannot be read"
	}
	words := a.message(handle, e.System.Provider.Name)
	if words == "" {
		words = strings.Join(e.Data, " ")
	}
	words = strings.Join(strings.Fields(words), " ")
	if len(words) > mostEventText {
		words = words[:mostEventText] + "…"
	}
	return fmt.Sprintf("event %d: %s", e.System.EventID, words)
}

func (a eventAPI) message(handle uintptr, provider string) string {
	name, err := windows.UTF16PtrFromString(provider)
	if err != nil {
		return ""
	}
	metadata, _, _ := a.publisher.Call(0, uintptr(unsafe.Pointer(name)), 0, 0, 0)
	if metadata == 0 {
		return ""
	}
	defer func() { _, _, _ = a.close.Call(metadata) }()
	return a.text(func(buf *uint16, size uint32, used *uint32) bool {
		ok, _, _ := a.format.Call(metadata, handle, 0, 0, 0, evtFormatMessageEvent, uintptr(size),
			uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(used)))
		return ok != 0
	})
}

// text calls a function that fills a buffer, once more with a larger one when the first was too small.
func (a eventAPI) text(fill func(buf *uint16, size uint32, used *uint32) bool) string {
	const most = 1 << 20
	size := uint32(4096)
	for range 2 {
		buf := make([]uint16, size)
		var used uint32
		if fill(&buf[0], size, &used) {
			return windows.UTF16ToString(buf)
		}
		if used <= size || used > most {
			return ""
		}
		size = used
	}
	return ""
}
