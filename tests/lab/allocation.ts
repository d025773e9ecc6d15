/** How the external ports of one internal port were allotted, flow after flow. */
export interface Allocation {
  /** In the order of the flows, each of which went to another endpoint. */
  readonly ports: readonly number[];
  /** Whether two flows have the same external port wherever they went to the same address. */
  readonly perAddress: boolean;
  /** From one flow to the next, where it is the same each time; 0 for one port for all. */
  readonly step: number | undefined;
  /** From the lowest to the highest. */
  readonly spread: number;
}

/** A flow from the port in question: to which address, and which external port that saw. */
export interface Flow {
  /** The address. */
  readonly to: string;
  /** The external port. */
  readonly port: number;
}

/** What several flows, in their order, tell about the NAT; at least two of them. */
export function allocationOf(flows: readonly Flow[]): Allocation {
  const ports = flows.map(({ port }) => port);
  const steps = new Set(ports.slice(1).map((port, i) => port - ports[i]!));
  return {
    ports,
    perAddress: flows.every(({ to, port }) => flows.every((other) => other.to !== to || other.port === port)),
    step: steps.size === 1 ? [...steps][0] : undefined,
    spread: Math.max(...ports) - Math.min(...ports),
  };
}
