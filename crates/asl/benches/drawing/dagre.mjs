// Lays out one scope a line with dagre: {"nodes": [[w, h]], "links": [[from, to, w, h]], "gaps": {...}} in, places out.
import { createInterface } from "node:readline";
import { Graph, layout } from "@dagrejs/dagre";

for await (const line of createInterface({ input: process.stdin })) {
  const { nodes, links, gaps } = JSON.parse(line);
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: gaps.box, edgesep: gaps.lane, ranksep: gaps.rank });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach(([width, height], index) => graph.setNode(String(index), { width, height }));
  links.forEach(([from, to, width, height], index) =>
    graph.setEdge(String(from), String(to), { width, height, labelpos: "c" }, String(index)),
  );
  layout(graph);
  const corners = nodes.map(([width, height], index) => {
    const { x, y } = graph.node(String(index));
    return [x - width / 2, y - height / 2];
  });
  const routes = links.map(([from, to, width], index) => {
    const edge = graph.edge(String(from), String(to), String(index));
    return { points: edge.points.map(({ x, y }) => [x, y]), label: width > 0 ? [edge.x, edge.y] : null };
  });
  process.stdout.write(`${JSON.stringify({ corners, routes })}\n`);
}
