import { fuzzTests } from "./fuzz_test_helper.ts";
import { ACCESS_TARGETS } from "./targets/access.ts";
import { ROUTER_TARGETS } from "./targets/router.ts";
import { STUN_TARGETS } from "./targets/stun.ts";
import { TUNNEL_TARGETS } from "./targets/tunnel.ts";
import { WEB_SOCKET_TARGETS } from "./targets/web_socket.ts";

fuzzTests([...ROUTER_TARGETS, ...STUN_TARGETS, ...TUNNEL_TARGETS, ...WEB_SOCKET_TARGETS, ...ACCESS_TARGETS]);
