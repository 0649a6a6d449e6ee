/** Lines of a stream of bytes. A last line without its end is an error: it was cut in the middle. */
export async function* lines(stream: AsyncIterable<Buffer>, longest: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      length += chunk.length - start;
      if (length > longest) throw new Error(`a line of more than ${longest} bytes`);
    }
  }
  if (length > 0) throw new Error('the answer was cut in the middle of a line');
}
