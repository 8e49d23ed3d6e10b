// Package agent brings a session host to what its plan asks for and reports what it sees there.
//
// It is level-triggered: one function, Steps, compares the plan with what a Platform finds on the machine at that moment,
// and the loop starts whatever of it can start. Nothing is concluded from what the agent itself did before: an agent that
// died at any instruction comes back, looks, and goes on. Events (a new plan, a finished step, a timer) only say "look
// again".
//
// The state folder of an agent holds
//
//	identity.json  key, certificate, authority and address of the server; mode 0600
//	plan.json      the plan held, with its generation and digest
//	memory.json    since when packages are as they are, failures and their back-off; losing it is harmless
//	verified.json  which contents of packages were checked in full, and what was found; losing it is harmless
//	timings.json   how long the phases of each package took; losing it is harmless
//	status.json    the last sync and the last facts, for Status
//	lock           held by the agent that runs on the folder
//
// and what the Platform keeps there. The server may be away for any time: the last plan goes on being kept.
package agent
