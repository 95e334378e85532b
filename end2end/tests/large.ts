// A generated definition of many states: groups that choose one of four chains, and end in a Parallel.

/** Steps of a group: a choice, four chains of five, and a Parallel of three branches. */
const STEPS = 25;

function group(number: number, next: object): Record<string, object> {
  const name = (step: number) => `Group ${number} step ${step}`;
  const choices = [5, 10, 15].map((step) => ({ Variable: "$.kind", NumericEquals: step + number, Next: name(step) }));
  const states: Record<string, object> = { [`Group ${number} begins`]: { Type: "Choice", Choices: choices, Default: name(0) } };
  for (let step = 0; step < 20; step++) {
    states[name(step)] = { Type: "Pass", Next: step % 5 < 4 ? name(step + 1) : `Group ${number} joins` };
  }
  const branch = (at: number) => ({
    StartAt: `Group ${number} branch ${at}`,
    States: { [`Group ${number} branch ${at}`]: { Type: "Pass", End: true } },
  });
  states[`Group ${number} joins`] = { Type: "Parallel", Branches: [0, 1, 2].map(branch), ResultPath: null, ...next };
  return states;
}

/** A definition of `count` states, rounded to whole groups. */
export function large(count: number): object {
  const groups = Math.round(count / STEPS);
  const all = Array.from({ length: groups }, (_, number) =>
    group(number, number + 1 < groups ? { Next: `Group ${number + 1} begins` } : { End: true }),
  );
  return { StartAt: "Group 0 begins", States: Object.assign({}, ...all) };
}
