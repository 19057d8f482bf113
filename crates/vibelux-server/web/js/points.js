// Points on the graphics card: every song as a soft disc, all in one call. Without a card, pixels.js.

import { COLOURS } from './emotions.js';
import { Pixels, channels } from './pixels.js';

/** @typedef {{scale: number, x: number, y: number}} View  Pixels per unit; the map's point in the middle. */

const VERTEX = `
attribute vec2 place; attribute float emotion; attribute float lit;
uniform vec2 middle; uniform vec2 zoom; uniform mediump float size; uniform vec3 colours[7]; uniform vec3 faint;
varying vec4 colour;
void main() {
  gl_Position = vec4((place - middle) * zoom, 0.0, 1.0);
  gl_PointSize = lit > 0.5 ? size : size * 0.7;
  vec3 own = faint;
  for (int i = 0; i < 7; i++) if (abs(emotion - float(i)) < 0.5) own = colours[i];
  colour = lit > 0.5 ? vec4(own, 0.82) : vec4(faint, 0.18);
}`;

const FRAGMENT = `
precision mediump float; varying vec4 colour; uniform mediump float size;
void main() {
  float away = length(gl_PointCoord - 0.5);
  float edge = clamp((0.5 - away) * size, 0.0, 1.0);
  gl_FragColor = vec4(colour.rgb, 1.0) * (colour.a * edge);
}`;

export class Points {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.count = 0;
    this.places = new Float32Array();
    this.emotions = new Float32Array();
    this.lit = new Float32Array();
    this.gl = hasCard() ? canvas.getContext('webgl', { antialias: false }) : null;
    this.program = this.gl && build(this.gl);
    this.pixels = this.gl ? null : new Pixels(canvas);
    canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      if (!this.gl) return;
      this.program = build(this.gl);
      this.buffers = null;
      this.set(this.places, this.emotions, this.lit);
    });
    /** @type {Record<'place' | 'emotion' | 'lit', WebGLBuffer | null> | null} */
    this.buffers = null;
  }

  /**
   * @param {Float32Array<ArrayBuffer>} places  x and y of each point.
   * @param {Float32Array<ArrayBuffer>} emotions  Index of its colour.
   * @param {Float32Array<ArrayBuffer>} lit  1 where the filters leave it, 0 where not.
   */
  set(places, emotions, lit) {
    Object.assign(this, { places, emotions, lit, count: emotions.length });
    const { gl, program } = this;
    if (!gl || !program) return;
    gl.useProgram(program);
    this.buffers ??= { place: gl.createBuffer(), emotion: gl.createBuffer(), lit: gl.createBuffer() };
    for (const [name, data, size] of /** @type {const} */ ([['place', places, 2], ['emotion', emotions, 1], ['lit', lit, 1]])) {
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
    }
  }

  /** @param {Float32Array<ArrayBuffer>} lit */
  setLit(lit) {
    this.lit = lit;
    const { gl } = this;
    if (!gl || !this.buffers) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.lit);
    gl.bufferData(gl.ARRAY_BUFFER, lit, gl.DYNAMIC_DRAW);
  }

  /**
   * @param {View} view  In device pixels.
   * @param {number} size  Diameter of a point in device pixels.
   * @param {string} faint  Colour of the points that the filters leave out.
   * @param {string} paper  Colour behind the points.
   * @param {number} step  Without a card only every so many-th point is drawn.
   */
  draw(view, size, faint, paper, step) {
    const { gl, program, canvas } = this;
    if (!gl || !program) {
      this.pixels?.draw(this, view, size, channels(faint), channels(paper), step);
      return;
    }
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.count === 0) return;
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform2f(gl.getUniformLocation(program, 'middle'), view.x, view.y);
    gl.uniform2f(gl.getUniformLocation(program, 'zoom'), (2 * view.scale) / canvas.width, (2 * view.scale) / canvas.height);
    gl.uniform1f(gl.getUniformLocation(program, 'size'), size);
    gl.uniform3fv(gl.getUniformLocation(program, 'colours'), COLOURS.flatMap(channels));
    gl.uniform3fv(gl.getUniformLocation(program, 'faint'), channels(faint));
    gl.drawArrays(gl.POINTS, 0, this.count);
  }
}

/**
 * Whether WebGL runs on a graphics card. Where the browser computes it with the processor, it takes
 * many times as long as pixels.js. (`failIfMajorPerformanceCaveat` does not say so in every browser.)
 */
function hasCard() {
  const gl = document.createElement('canvas').getContext('webgl', { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const known = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(known ? known.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** @param {WebGLRenderingContext} gl */
function build(gl) {
  const program = gl.createProgram();
  if (!program) return null;
  for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = gl.createShader(kind);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
