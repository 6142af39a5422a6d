/** `work`, done once for each object, which must not change meanwhile. */
export function perObject<From extends object, To>(work: (from: From) => To): (from: From) => To {
  const done = new WeakMap<From, To>();
  return (from) => {
    let to = done.get(from);
    if (to === undefined) done.set(from, (to = work(from)));
    return to;
  };
}
