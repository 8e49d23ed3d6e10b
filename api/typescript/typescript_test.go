package typescript_test

import (
	"strings"
	"testing"

	"berth/api/typescript"
)

const sample = `{"paths":{"/things/{id}":{"patch":{"operationId":"editThing","summary":"Change a thing","parameters":[
  {"in":"path","name":"id","required":true,"schema":{"type":"string"}},
  {"in":"query","name":"tags","schema":{"type":["array","null"],"items":{"type":"string"}}},
  {"in":"header","name":"If-Match","schema":{"type":"string"}}],
  "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},
  "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},"default":{}}},
 "delete":{"operationId":"dropThing","summary":"Drop it","responses":{"204":{}}},
 "get":{"operationId":"watchThing","summary":"Watch it","responses":{"200":{"content":{"text/event-stream":{}}}}}}},
 "components":{"schemas":{"Thing":{"type":"object","additionalProperties":false,"required":["id","kind"],"properties":{
  "id":{"type":"string","description":"its name"},"kind":{"enum":["a","b"],"type":"string"},"x-odd":{"type":"integer"},
  "any":{},"counts":{"type":"object","additionalProperties":{"type":"integer"}},
  "parts":{"type":["array","null"],"items":{"$ref":"#/components/schemas/Part"}},
  "kinds":{"type":"array","items":{"enum":["a","b"],"type":"string"}},
  "inner":{"type":"object","properties":{"deep":{"type":"boolean"}}}}},
  "Part":{"type":"string","enum":["p"]}}}}`

const want = `// Code generated from the OpenAPI document of the server by go generate ./console. DO NOT EDIT.

export type Part = 'p';

export interface Thing {
  any?: unknown;
  counts?: Record<string, number>;
  /** its name */
  id: string;
  inner?: {
    deep?: boolean;
  };
  kind: 'a' | 'b';
  kinds?: ('a' | 'b')[];
  parts?: Part[] | null;
  "x-odd"?: number;
}

/** Every operation: what it is asked with, and what it answers. */
export interface Operations {
  /** Drop it. */
  dropThing: {
    answer: undefined;
  };
  /** Change a thing. */
  editThing: {
    path: { id: string };
    query: { tags?: string[] };
    body: Thing;
    answer: Thing;
  };
  /** Watch it. */
  watchThing: {
    answer: unknown;
  };
}

/** Where each operation is found. */
export const routes = {
  dropThing: ['DELETE', '/things/{id}'],
  editThing: ['PATCH', '/things/{id}'],
  watchThing: ['GET', '/things/{id}'],
} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;
`

func TestWrite(t *testing.T) {
	got, err := typescript.Write([]byte(sample))
	if err != nil || string(got) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestRefusesWhatItDoesNotKnow(t *testing.T) {
	for old, bad := range map[string]string{
		`"type":"integer"`: `"type":"tuple"`, "#/components/schemas/Part": "other.json", `"204":{}`: `"404":{}`, `{"paths"`: `[{"paths"`,
	} {
		if got, err := typescript.Write([]byte(strings.ReplaceAll(sample, old, bad))); err == nil {
			t.Errorf("with %s no error but\n%s", bad, got)
		}
	}
}
