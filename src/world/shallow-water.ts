// The shallow-water equations in one dimension, h_t + (h u)_x = 0 and (h u)_t + (h u^2 + g h^2 / 2)_x = 0,
// between two walls: the HLL scheme (Harten, Lax and van Leer, SIAM Review 25, 1983) with the wave speeds of
// dry fronts as in Toro, "Shock-capturing methods for free-surface shallow flows" (2001), section 10.4. First
// order; keeps volume exactly, and depths positive while dt (|u| + 2 sqrt(g h)) <= dx. Does not do: friction,
// uneven floors.

export class ShallowWater {
  /** Depth in metres and discharge depth times velocity in m^2/s, a cell each. */
  readonly depth: Float64Array;
  readonly discharge: Float64Array;
  private readonly dx: number;
  private readonly gravity: number;
  /** Flows of volume and of momentum through the faces; the first and the last are the walls. */
  private readonly volumes: Float64Array;
  private readonly momenta: Float64Array;

  /** Still water. */
  constructor(depth: Float64Array, dx: number, gravity: number) {
    this.depth = depth.slice();
    this.discharge = new Float64Array(depth.length);
    this.dx = dx;
    this.gravity = gravity;
    this.volumes = new Float64Array(depth.length + 1);
    this.momenta = new Float64Array(depth.length + 1);
  }

  step(dt: number): void {
    const { depth, discharge, volumes, momenta } = this;
    const last = depth.length - 1;
    // Behind a wall there is the mirror image.
    this.face(0, depth[0], -discharge[0], depth[0], discharge[0]);
    for (let i = 0; i < last; i++) this.face(i + 1, depth[i], discharge[i], depth[i + 1], discharge[i + 1]);
    this.face(last + 1, depth[last], discharge[last], depth[last], -discharge[last]);
    const ratio = dt / this.dx;
    for (let i = 0; i <= last; i++) {
      depth[i] += ratio * (volumes[i] - volumes[i + 1]);
      discharge[i] += ratio * (momenta[i] - momenta[i + 1]);
    }
  }

  /** Kinetic and potential energy over density and width, m^4/s^2. */
  energy(): number {
    let sum = 0;
    for (let i = 0; i < this.depth.length; i++) {
      const h = this.depth[i];
      if (h > 0) sum += ((this.discharge[i] * this.discharge[i]) / h + this.gravity * h * h) * (this.dx / 2);
    }
    return sum;
  }

  /** The HLL flows through face i, from the cells on its left and right. */
  private face(i: number, hl: number, ql: number, hr: number, qr: number): void {
    const { gravity, volumes, momenta } = this;
    volumes[i] = 0;
    momenta[i] = 0;
    if (hl <= 0 && hr <= 0) return;
    const ul = hl > 0 ? ql / hl : 0;
    const ur = hr > 0 ? qr / hr : 0;
    const cl = hl > 0 ? Math.sqrt(gravity * hl) : 0;
    const cr = hr > 0 ? Math.sqrt(gravity * hr) : 0;
    let slow = ul - cl < ur - cr ? ul - cl : ur - cr;
    let fast = ul + cl > ur + cr ? ul + cl : ur + cr;
    if (hl <= 0) slow = ur - 2 * cr;
    if (hr <= 0) fast = ul + 2 * cl;
    const ml = ql * ul + (gravity * hl * hl) / 2;
    const mr = qr * ur + (gravity * hr * hr) / 2;
    if (slow >= 0) {
      volumes[i] = ql;
      momenta[i] = ml;
    } else if (fast <= 0) {
      volumes[i] = qr;
      momenta[i] = mr;
    } else {
      const width = fast - slow;
      volumes[i] = (fast * ql - slow * qr + slow * fast * (hr - hl)) / width;
      momenta[i] = (fast * ml - slow * mr + slow * fast * (qr - ql)) / width;
    }
  }
}
