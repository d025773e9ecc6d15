import { ACCESS_TARGETS } from "./targets/access.ts";
import { COMMAND_TARGETS } from "./targets/command.ts";
import { DHT_ANSWER_TARGETS } from "./targets/dht_answers.ts";
import { DHT_NODE_TARGETS } from "./targets/dht_node.ts";
import { KNOCK_TARGETS } from "./targets/knock.ts";
import { KRPC_TARGETS } from "./targets/krpc.ts";
import { LOCAL_TARGETS } from "./targets/local.ts";
import { RECORD_TARGETS } from "./targets/record.ts";
import { ROUTER_TARGETS } from "./targets/router.ts";
import { SERVING_TARGETS } from "./targets/serving.ts";
import { STUN_TARGETS } from "./targets/stun.ts";
import { TARGET_ANSWER_TARGETS } from "./targets/target_answers.ts";
import { TEXT_TARGETS } from "./targets/text.ts";
import { TUNNEL_TARGETS } from "./targets/tunnel.ts";
import { WEB_SOCKET_TARGETS } from "./targets/web_socket.ts";
import type { FuzzTarget } from "./_target.ts";

/** Every target, in the order of a connection. */
export const TARGETS: readonly FuzzTarget[] = [
  ...KRPC_TARGETS,
  ...DHT_NODE_TARGETS,
  ...DHT_ANSWER_TARGETS,
  ...RECORD_TARGETS,
  ...KNOCK_TARGETS,
  ...TEXT_TARGETS,
  ...ROUTER_TARGETS,
  ...STUN_TARGETS,
  ...TUNNEL_TARGETS,
  ...WEB_SOCKET_TARGETS,
  ...ACCESS_TARGETS,
  ...SERVING_TARGETS,
  ...TARGET_ANSWER_TARGETS,
  ...COMMAND_TARGETS,
  ...LOCAL_TARGETS,
];
