// Package winmd holds the ids and slots of agent/winhost/winrt against Microsoft's own description of the interfaces. It is
// a module of its own, so that what reads .winmd files is no dependency of the product.
package winmd
