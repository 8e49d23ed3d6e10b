module berth.test/debian

go 1.26.0

require berth.test/server v0.0.0

replace berth.test/server => ../server
