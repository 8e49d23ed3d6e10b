// Package typescript writes the types of the native API for programs in TypeScript, the console among them, from the
// OpenAPI document that the server makes. It knows what that document uses of JSON Schema and refuses what it does not.
package typescript
