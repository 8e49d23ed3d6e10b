module berth.test/server

go 1.26.0
